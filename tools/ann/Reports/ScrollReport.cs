using System.Text.Json.Nodes;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann scroll</c> found.</summary>
/// <param name="Index">The index, as it was asked for.</param>
/// <param name="Generation">The build that answered the last page.</param>
/// <param name="Items">In the order of their keys.</param>
/// <param name="Next">Where to go on: the last key. Null when there are no more.</param>
internal sealed record ScrollReport(string Index, string Generation, IReadOnlyList<ScrolledItem> Items, string? Next);

/// <summary>One item.</summary>
/// <param name="Key">Its key; a number is written as its digits.</param>
/// <param name="Attributes">The attributes that were asked for and that it has; null when none were asked for.</param>
/// <param name="Vector">Its vector; null when it was not asked for.</param>
internal sealed record ScrolledItem(string Key, JsonObject? Attributes, float[]? Vector);
