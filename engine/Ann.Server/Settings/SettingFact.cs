namespace Ann.Server.Settings;

/// <summary>What a setting comes to.</summary>
/// <param name="Name">As in a settings file: <c>Listen</c>, <c>Logging:LogLevel:Default</c>.</param>
/// <param name="Values">Its value; of a list each entry. A secret is masked.</param>
/// <param name="IsList">True where there may be several.</param>
/// <param name="Origin">Source and name that it comes from; null for the default.</param>
internal sealed record SettingFact(string Name, IReadOnlyList<string> Values, bool IsList, string? Origin);
