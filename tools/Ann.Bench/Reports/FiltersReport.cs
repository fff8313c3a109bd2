using Ann.Bench.Filters;
using Ann.Core.Searching;
using Ann.Tool;

namespace Ann.Bench.Reports;

/// <summary>Everything that <c>filters</c> measured.</summary>
internal sealed record FiltersReport
{
    public required string CommandLine { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required Machine Machine { get; init; }

    public required SetReport Set { get; init; }

    /// <summary>File of the attribute; null where categories were made of the rows.</summary>
    public string? Attribute { get; init; }

    public required int Categories { get; init; }

    public required int Rounds { get; init; }

    public required IReadOnlyList<FilterCell> Cells { get; init; }

    /// <summary>True when every cell keeps the promise.</summary>
    public bool IsKept => Cells.All(cell => cell.IsKept);
}

/// <summary>One shape and share of a filter at one k.</summary>
internal sealed record FilterCell
{
    /// <summary>Least recall.</summary>
    public const double Target = 0.95;

    /// <summary>How many times the search without a filter one with it may take, where a scan would take longer.</summary>
    public const double MostTimes = 4;

    public required FilterShape Shape { get; init; }

    /// <summary>Share of the rows, per cent.</summary>
    public required double Selectivity { get; init; }

    public required int K { get; init; }

    public required int Ef { get; init; }

    /// <summary>Rows that the filter leaves, the mean of the queries.</summary>
    public required double Matching { get; init; }

    /// <summary>Of k, or of as many rows as the filter leaves.</summary>
    public required double Recall { get; init; }

    /// <summary>Median time, microseconds; of the rounds the median.</summary>
    public required double P50Us { get; init; }

    public required double P99Us { get; init; }

    /// <summary>Median time of the same search without a filter, microseconds.</summary>
    public required double PlainUs { get; init; }

    /// <summary>Median time of the exact scan of the rows that the filter leaves, microseconds.</summary>
    public required double ScanUs { get; init; }

    /// <summary>
    /// Median time of checking the filter and finding it in the cache, microseconds; part of the time. Null for ready masks.
    /// </summary>
    public double? CachedUs { get; init; }

    /// <summary>Median time of checking and evaluating a filter that was never asked; not part of the time. Null for ready masks.</summary>
    public double? ColdUs { get; init; }

    /// <summary>Distances computed, the mean of the queries.</summary>
    public required double Visited { get; init; }

    /// <summary>The plan that most queries ended with.</summary>
    public required SearchPlan Plan { get; init; }

    /// <summary>Share of the queries that did.</summary>
    public required double PlanShare { get; init; }

    /// <summary>True when some answer had fewer results than there were.</summary>
    public required bool IsShort { get; init; }

    /// <summary>Times the search without a filter.</summary>
    public double TimesPlain => P50Us / PlainUs;

    /// <summary>Times the exact scan.</summary>
    public double TimesScan => P50Us / ScanUs;

    /// <summary>True when recall and time are as promised.</summary>
    public bool IsKept => !IsShort && Recall >= Target && P50Us <= Math.Max(MostTimes * PlainUs, ScanUs);
}
