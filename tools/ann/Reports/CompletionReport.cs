namespace Ann.Tool.Reports;

/// <summary>What <c>ann completion</c> gave.</summary>
/// <param name="Shell">The shell.</param>
/// <param name="Script">The script.</param>
/// <param name="Path">The file that it was written to; null where it was not installed.</param>
/// <param name="Once">What a person has to add once for the shell to find it; null where nothing is missing.</param>
internal sealed record CompletionReport(string Shell, string Script, string? Path, string? Once);
