using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Tool.Tuning;

/// <summary>What <c>ann tune</c> is asked for.</summary>
internal sealed record TuneRequest
{
    /// <summary>File of the rows.</summary>
    public required string Base { get; init; }

    /// <summary>File of the queries.</summary>
    public required string Queries { get; init; }

    /// <summary>How nearness is measured.</summary>
    public required Metric Metric { get; init; }

    /// <summary>Results of a query.</summary>
    public required int K { get; init; }

    /// <summary>Recall to reach; null to get the most within <see cref="MaxLatencyUs"/>.</summary>
    public double? TargetRecall { get; init; }

    /// <summary>Mean latency of a query that is allowed, in µs; null under a target.</summary>
    public double? MaxLatencyUs { get; init; }

    /// <summary>Bytes of file a row that are allowed; null for any.</summary>
    public double? MaxBytesPerRow { get; init; }

    /// <summary>Time of all.</summary>
    public required TimeSpan Budget { get; init; }

    /// <summary>What one measurement of latency takes of it: half a second of ten minutes.</summary>
    public double MeasureSeconds => Math.Clamp(Budget.TotalSeconds / 1200, 0.05, 0.5);

    /// <summary>Threads of builds and of the truth.</summary>
    public required int Threads { get; init; }
}

/// <summary>What may be built.</summary>
internal sealed record TuneShape(int M, int EfConstruction, SegmentLayout Layout, CodesKind Codes)
{
    /// <summary>As people and the command line have it.</summary>
    public override string ToString() =>
        $"m {M}, ef-construction {EfConstruction}, {EnumNames<SegmentLayout>.Plain.Of(Layout)}, {EnumNames<CodesKind>.Plain.Of(Codes)}";

    /// <summary>The shapes that a search begins with: one of each kind first, so that a short budget has tried them all.</summary>
    public static IReadOnlyList<TuneShape> Beginning(bool isSmall)
    {
        List<(SegmentLayout Layout, CodesKind Codes)> kinds =
            [
            (SegmentLayout.Fast, CodesTraits.Standard), (SegmentLayout.Lean, CodesTraits.Standard), (SegmentLayout.Lean, CodesTraits.None),
        ];
        if (isSmall)
            kinds.Add((SegmentLayout.Compact, CodesTraits.Together(CodesTraits.Standard, SegmentLayout.Compact).Codes));
        return [.. from m in (int[])[16, 32, 8, 24, 48] from kind in kinds select new TuneShape(m, 200, kind.Layout, kind.Codes)];
    }
}
