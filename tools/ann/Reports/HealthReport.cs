namespace Ann.Tool.Reports;

/// <summary>What <c>ann health</c> found.</summary>
/// <param name="Address">The server.</param>
/// <param name="Index">The index that was asked for; null for the server.</param>
/// <param name="Serving">Whether it serves.</param>
/// <param name="Status"><c>serving</c>, <c>not serving</c>, or why there is no answer.</param>
internal sealed record HealthReport(string Address, string? Index, bool Serving, string Status);
