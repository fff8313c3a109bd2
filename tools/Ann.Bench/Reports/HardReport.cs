using Ann.Bench.Hard;
using Ann.Bench.Sets.Hard;
using Ann.Core;
using Ann.Tool;

namespace Ann.Bench.Reports;

/// <summary>Everything that <c>hard</c> measured.</summary>
internal sealed record HardReport
{
    public required string CommandLine { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required Machine Machine { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The peer where it could not be measured.</summary>
    public MissingEngine? Missing { get; init; }

    public required IReadOnlyList<HardSetReport> Sets { get; init; }

    /// <summary>True when every cell keeps the promise.</summary>
    public bool IsKept => Sets.All(static set => set.Cells.All(static cell => cell.IsKept));
}

/// <summary>One set.</summary>
internal sealed record HardSetReport
{
    public required string Name { get; init; }

    public required int Rows { get; init; }

    public required int Dimension { get; init; }

    public required string Metric { get; init; }

    public required IReadOnlyList<HardCell> Cells { get; init; }

    /// <summary>Judges what was measured.</summary>
    /// <param name="rows">The set.</param>
    /// <param name="cells">Of every column, unjudged.</param>
    /// <param name="peers">Recall of hnswlib; empty where there is none.</param>
    public static HardSetReport Of(
        HardRows rows, IReadOnlyList<HardCell> cells, IReadOnlyDictionary<(int K, int Ef), double> peers)
    {
        Dictionary<(int, int), double> reference = cells
            .Where(static cell => HardColumn.References.Any(column => column.Name == cell.Column))
            .GroupBy(static cell => (cell.K, cell.Ef), static cell => cell.Recall)
            .ToDictionary(static group => group.Key, static group => group.Max());
        return new HardSetReport
        {
            Name = rows.Set.Name,
            Rows = rows.Base.Length,
            Dimension = rows.Base[0].Length,
            Metric = rows.Metric.Traits().Name,
            Cells =
            [
                .. cells.Select(cell => cell with
                {
                    Peer = peers.TryGetValue((cell.K, cell.Ef), out double peer) ? peer : null,
                    Reference = reference[(cell.K, cell.Ef)],
                    FloorEf = rows.Set.FloorEf,
                }),
            ],
        };
    }
}

/// <summary>One column at one k and beam width.</summary>
internal sealed record HardCell
{
    /// <summary>Recall that a cell must have at <see cref="WideEf"/> where hnswlib or f32 has it.</summary>
    public const double Floor = 0.99;

    /// <summary>The beam width of the floor.</summary>
    public const int WideEf = 256;

    /// <summary>How far a cell may be below the better of hnswlib and f32, and the certificate off what was measured.</summary>
    public const double Margin = 0.02;

    /// <summary>Half of a last digit that is printed: what is printed as the limit keeps it.</summary>
    private const double Rounding = 0.00005;

    public required string Column { get; init; }

    public required int K { get; init; }

    public required int Ef { get; init; }

    public required double Recall { get; init; }

    /// <summary>What the certificate tells; null where there is none.</summary>
    public double? Certified { get; init; }

    /// <summary>Recall of hnswlib at the same k and beam width; null where it was not measured.</summary>
    public double? Peer { get; init; }

    /// <summary>See <see cref="HardSet.FloorEf"/>.</summary>
    public int FloorEf { get; init; }

    /// <summary>Recall of sealed f32 codes, the better one of those built at once and those sealed by a live index.</summary>
    public double Reference { get; init; }

    /// <summary>The better of the two.</summary>
    public double Best => Math.Max(Peer ?? 0, Reference);

    /// <summary>Below the floor.</summary>
    public bool IsLow => Recall < Floor - Rounding && (FloorEf > 0 ? Ef >= FloorEf : Ef >= WideEf && Best >= Floor);

    /// <summary>Farther below the better of the two than allowed.</summary>
    public bool IsBehind => Recall < Best - Margin - Rounding;

    /// <summary>The certificate tells something else than was measured.</summary>
    public bool IsMiscertified => Certified is double certified && Math.Abs(certified - Recall) > Margin + Rounding;

    /// <summary>True when none of these is so.</summary>
    public bool IsKept => !IsLow && !IsBehind && !IsMiscertified;
}
