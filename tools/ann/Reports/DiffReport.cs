namespace Ann.Tool.Reports;

/// <summary>What <c>ann diff</c> found: how the answers of two index files differ.</summary>
internal sealed record DiffReport
{
    /// <summary>The first file.</summary>
    public required string A { get; init; }

    /// <summary>The second one.</summary>
    public required string B { get; init; }

    /// <summary>Build name of the first file.</summary>
    public required string GenerationA { get; init; }

    /// <summary>Build name of the second file.</summary>
    public required string GenerationB { get; init; }

    /// <summary>Queries that both were asked.</summary>
    public required int Queries { get; init; }

    /// <summary>Results asked for.</summary>
    public required int K { get; init; }

    /// <summary>Beam width; null for exact search.</summary>
    public int? Ef { get; init; }

    /// <summary>Items that only the first file has.</summary>
    public required int OnlyInA { get; init; }

    /// <summary>Items that only the second file has.</summary>
    public required int OnlyInB { get; init; }

    /// <summary>Mean share of an answer of A that is in that of B, 0 to 1.</summary>
    public required double Overlap { get; init; }

    /// <summary>Share of the queries with one and the same answer in one order.</summary>
    public required double Same { get; init; }

    /// <summary>Least, 10th percentile, median and most of the overlap by query.</summary>
    public required DiffSpread OverlapByQuery { get; init; }

    /// <summary>Mean places that an item moves that is in both answers.</summary>
    public required double RankChange { get; init; }

    /// <summary>Distances in B less those in A of items in both answers; null where no item is, or metrics differ.</summary>
    public DiffSpread? DistanceShift { get; init; }

    /// <summary>Queries by overlap, in ten equal steps and full overlap apart.</summary>
    public required IReadOnlyList<DiffBin> Histogram { get; init; }

    /// <summary>Items that came into most answers, most first.</summary>
    public required IReadOnlyList<DiffItem> Entered { get; init; }

    /// <summary>Items that left most answers, most first.</summary>
    public required IReadOnlyList<DiffItem> Left { get; init; }

    /// <summary>Values of attributes by their shares of the answers, those that changed most first; null without attributes.</summary>
    public IReadOnlyList<DiffValue>? Values { get; init; }

    /// <summary>Overlap that was asked for; null for none.</summary>
    public double? MinOverlap { get; init; }
}

/// <summary>Some numbers in short.</summary>
/// <param name="Least">The least.</param>
/// <param name="P10">A tenth of them is not above it.</param>
/// <param name="Median">The median.</param>
/// <param name="Mean">The mean.</param>
/// <param name="P90">A tenth of them is above it.</param>
/// <param name="Most">The greatest.</param>
internal sealed record DiffSpread(double Least, double P10, double Median, double Mean, double P90, double Most)
{
    /// <summary>Of numbers, at least one.</summary>
    public static DiffSpread Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return new DiffSpread(sorted[0], At(0.1), At(0.5), sorted.Average(), At(0.9), sorted[^1]);

        double At(double share) => sorted[(int)(share * (sorted.Length - 1))];
    }
}

/// <summary>Queries whose overlap lies in a range.</summary>
/// <param name="From">Least overlap.</param>
/// <param name="To">Overlap below which it ends; the last one is 1 alone.</param>
/// <param name="Queries">How many.</param>
internal sealed record DiffBin(double From, double To, int Queries);

/// <summary>An item that entered or left answers.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Queries">How many answers.</param>
/// <param name="InBoth">False where one of the files does not have it.</param>
internal sealed record DiffItem(string Key, int Queries, bool InBoth);

/// <summary>A value of an attribute.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Value">The value; <c>(none)</c> for items without.</param>
/// <param name="ShareA">Share of the answered items of A that have it, 0 to 1.</param>
/// <param name="ShareB">Of B.</param>
internal sealed record DiffValue(string Attribute, string Value, double ShareA, double ShareB)
{
    /// <summary>B less A.</summary>
    public double Change => ShareB - ShareA;
}
