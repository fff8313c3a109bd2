using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>One set of the hard family.</summary>
/// <param name="Name">What follows <c>hard-</c> on the command line; ends with the metric.</param>
/// <param name="Rows">Base rows.</param>
/// <param name="Law">The law of a seed.</param>
internal sealed record HardSet(string Name, int Rows, Func<ulong, VectorLaw> Law)
{
    /// <summary>
    /// The beam width from which recall must be 0.99 whatever other engines do; 0: only where one of them reaches it. Sets of copies have
    /// one, since hnswlib does not find its way among copies either.
    /// </summary>
    public int FloorEf { get; init; }

    /// <summary>Queries of a set: the law's own, no rows of the base.</summary>
    public int Queries { get; init; } = 300;

    /// <summary>True neighbours of a query.</summary>
    public const int Truth = 100;

    /// <summary>Name of the whole family on the command line.</summary>
    public const string Family = "hard";

    /// <summary>Every set, in the order of the tables.</summary>
    public static IReadOnlyList<HardSet> All { get; } =
        [.. Variants(), .. Ranges(), .. Copies().Select(static set => set with { FloorEf = 128 }), .. Norms(), .. Shapes()];

    /// <summary>The set of a name, with or without <c>hard-</c> before it.</summary>
    /// <exception cref="AnnException">InvalidArgument: no such set; names the option and those there are.</exception>
    public static HardSet Find(string option, string name)
    {
        string bare = name.StartsWith(Family + "-", StringComparison.Ordinal) ? name[(Family.Length + 1)..] : name;
        return All.FirstOrDefault(set => set.Name == bare)
            ?? throw AnnException.Invalid(
                option, $"{option} is '{name}'; the hard sets are {string.Join(", ", All.Select(static set => set.Name))}.");
    }

    private static IEnumerable<HardSet> Variants()
    {
        foreach (string noise in (string[])["0.1", "0.03", "0.003"])
        {
            float scale = noise switch { "0.1" => 0.1f, "0.03" => 0.03f, _ => 0.003f };
            yield return Of($"variants-{noise}", 6000, Metric.Cosine, (seed, metric) => new FamilyLaw(seed, 64, metric, 16, 1, scale));
            yield return Of($"variants-{noise}", 6000, Metric.L2, (seed, metric) => new FamilyLaw(seed, 64, metric, 16, 1, scale));
        }
        yield return Of("variants-0.03", 6000, Metric.InnerProduct, (seed, metric) => new FamilyLaw(seed, 64, metric, 16, 1, 0.03f));
        yield return Of("far-clusters", 6000, Metric.L2, (seed, metric) => new FamilyLaw(seed, 32, metric, 60, 100, 0.01f));
        yield return Of("d1536", 2000, Metric.Cosine, (seed, metric) => new FamilyLaw(seed, 1536, metric, 50, 1, 0.5f));
    }

    private static IEnumerable<HardSet> Ranges()
    {
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct, Metric.Cosine])
            yield return Of("outlier-1e9", 1001, nearness, (seed, metric) => new OutlierLaw(seed, 16, metric, 1000, 1e9f, 1));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct])
            yield return Of("outlier-1e6x", 6000, nearness, (seed, metric) => new OutlierLaw(seed, 64, metric, 5999, 0, 1e6f));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct])
            yield return Of("flag", 6000, nearness, (seed, metric) => new FlagLaw(seed, 32, metric));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.Cosine])
            yield return Of("offset", 6000, nearness, (seed, metric) => new OffsetLaw(seed, 32, metric, 0));
        yield return Of("offset-late", 6000, Metric.L2, (seed, metric) => new OffsetLaw(seed, 32, metric, 3000));
    }

    private static IEnumerable<HardSet> Copies()
    {
        int[] small = [.. Enumerable.Range(0, 147).Select(static i => 2 + (i % 49))];
        (string Name, int Distinct, int[] Groups)[] kinds =
        [
            ("copies-4x400", 1500, [400, 400, 400, 400]), ("copies-6x900", 600, [900, 900, 900, 900, 900, 900]),
            ("copies-1x3000", 1500, [3000]), ("copies-2to50", 1500, small),
        ];
        foreach ((string name, int distinct, int[] groups) in kinds)
        {
            foreach (Metric nearness in (Metric[])[Metric.Cosine, Metric.L2, Metric.InnerProduct])
            {
                yield return Of(
                    name, distinct + groups.Sum(), nearness, (seed, metric) => new CopiesLaw(seed, 32, metric, distinct, groups));
            }
        }
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct])
            yield return Of("zeros", 4000, nearness, (seed, metric) => new CopiesLaw(seed, 32, metric, 2800, [1200], zero: true));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct, Metric.Cosine])
            yield return Of("onehot", 2000, nearness, (seed, metric) => new OneHotLaw(seed, 200, metric));
    }

    private static IEnumerable<HardSet> Norms()
    {
        foreach (int sigma in (int[])[1, 2, 4])
            yield return Of($"lognormal-{sigma}", 6000, Metric.InnerProduct, (seed, metric) => new LogNormalLaw(seed, 32, metric, sigma));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct])
            yield return Of("pareto", 6000, nearness, (seed, metric) => new ParetoLaw(seed, 32, metric));
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.InnerProduct])
            yield return Of("pareto-norms", 6000, nearness, (seed, metric) => new ParetoNormLaw(seed, 32, metric));
    }

    private static IEnumerable<HardSet> Shapes()
    {
        foreach (Metric nearness in (Metric[])[Metric.L2, Metric.Cosine])
            yield return Of("line", 4000, nearness, (seed, metric) => new LineLaw(seed, 32, metric));
        foreach (int dimension in (int[])[1, 2, 3])
            yield return Of($"d{dimension}", 4000, Metric.L2, (seed, metric) => new NormalLaw(seed, dimension, metric));
        foreach (int dimension in (int[])[2, 3])
            yield return Of($"d{dimension}", 4000, Metric.Cosine, (seed, metric) => new NormalLaw(seed, dimension, metric));
    }

    private static HardSet Of(string name, int rows, Metric metric, Func<ulong, Metric, VectorLaw> law) =>
        new($"{name}-{metric.Traits().Name}", rows, seed => law(seed, metric));
}
