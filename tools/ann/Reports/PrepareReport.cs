namespace Ann.Tool.Reports;

/// <summary>What <c>ann prepare</c> did.</summary>
/// <param name="Index">The index, as it was asked for.</param>
/// <param name="PreparedFilter">The filter's hash: 16 hex digits.</param>
/// <param name="Matching">Items that it takes now.</param>
internal sealed record PrepareReport(string Index, string PreparedFilter, ulong Matching);
