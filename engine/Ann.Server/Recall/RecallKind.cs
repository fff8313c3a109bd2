using Ann.Core.Indexes;
using Ann.Core.Recall;

namespace Ann.Server.Recall;

/// <summary>Queries whose recall is counted together.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">That answered.</param>
/// <param name="FilterClass">
/// <c>none</c>, or by the share of the items that may be returned <c>all</c>, <c>10%</c>, <c>1%</c> (each the upper end) or <c>less</c>.
/// </param>
/// <param name="K">Results wanted, up to this many: 10, 100, 1,000 or 10,000.</param>
internal readonly record struct RecallKind(string Index, string Generation, string FilterClass, int K)
{
    /// <summary>The kind of a request.</summary>
    /// <param name="index">What is searched.</param>
    /// <param name="selectivity">Share of the items that may be returned; null when nothing restricts them.</param>
    /// <param name="k">Results wanted.</param>
    public static RecallKind Of(IndexSnapshot index, double? selectivity, int k) =>
        new(index.Name, index.Generation, ClassOf(selectivity), k <= 10 ? 10 : k <= 100 ? 100 : k <= 1000 ? 1000 : 10_000);

    private static string ClassOf(double? selectivity) => selectivity switch
    {
        null => "none",
        > 0.1 => "all",
        > 0.01 => "10%",
        > 0.001 => "1%",
        _ => "less",
    };
}

/// <summary>What is known of one kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Interval">Recall over the window.</param>
/// <param name="EfFactor">Factor on the beam widths that recall_target takes.</param>
internal readonly record struct RecallFact(RecallKind Kind, RecallInterval Interval, double EfFactor);
