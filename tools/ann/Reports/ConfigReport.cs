namespace Ann.Tool.Reports;

/// <summary>What <c>ann config show</c> found.</summary>
/// <param name="File">The settings file; null for none.</param>
/// <param name="Settings">Each setting.</param>
internal sealed record ConfigReport(string? File, IReadOnlyList<SettingReport> Settings);

/// <summary>One setting.</summary>
/// <param name="Name">As in a settings file, below <c>Ann</c>; those of the log with their section.</param>
/// <param name="Value">Its value; null for a list. A secret is masked.</param>
/// <param name="Values">Entries of a list; null for one value.</param>
/// <param name="Source">Where it comes from: <c>Ann__Listen</c>, <c>--listen</c>, <c>ann.json: Ann:Listen</c>, or default.</param>
internal sealed record SettingReport(string Name, string? Value, IReadOnlyList<string>? Values, string Source);
