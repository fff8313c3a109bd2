using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// How well codes tell the nearest of rows: the recall of a scan by codes whose best candidates are ranked by exact distances. Rows are the
/// queries, each without itself.
/// </summary>
/// <remarks>
/// It needs no graph, so a builder knows before it builds one. All sums have one order on every machine and any number of threads, and so
/// what is decided by the result. It costs a scan of all rows for each query and kind of codes: half a per cent to two of a build.
/// </remarks>
internal sealed unsafe class CodesFidelity
{
    /// <summary>
    /// Candidates beyond k that a walk may be relied on to bring: a beam of 64 is the narrowest that a promise is made for.
    /// </summary>
    private const int WalkMargin = 64;

    /// <summary>The narrowest beam for 100 results that a promise is made for.</summary>
    private const int NarrowBeam = 128;

    private const int MinQueries = 64;
    private const int MaxQueries = 128;
    private const int RowsPerQuery = 32;

    /// <summary>
    /// Multiply-adds that the exact answers may cost, unless the fewest queries cost more: an eighth of a second on one core.
    /// </summary>
    private const double ExactBudget = 1e9;

    /// <summary>
    /// Nearest rows whose order links depend on, and how deep they may lie by codes: ties of a cluster are as good as lost.
    /// </summary>
    private const int LinkK = 4;

    private const int LinkDepth = 8;

    /// <summary>
    /// So many rows as far from a query as each other are a tie that links must not break: codes that do so break it the same way for
    /// every node, and all link to the same few.
    /// </summary>
    private const int Tie = 32;

    private static readonly int[] Ks = [10, 100];

    private readonly float* _rows;
    private readonly int _stride;
    private readonly int _count;
    private readonly Metric _metric;
    private readonly int _threads;
    private readonly int[] _queries;
    private readonly ulong[][] _exact;

    /// <summary>Finds the exact answers.</summary>
    /// <param name="rows">First component of the first row, prepared for the metric.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    /// <param name="count">Rows, 2 or more.</param>
    /// <param name="metric">Of the distances.</param>
    /// <param name="threads">Of the work. The result does not depend on them.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <param name="mostQueries">Rows that are queries, at most.</param>
    public CodesFidelity(
        float* rows, int stride, int count, Metric metric, int threads, CancellationToken cancellation, int mostQueries = MaxQueries)
    {
        Debug.Assert(count > 1);
        _rows = rows;
        _stride = stride;
        _count = count;
        _metric = metric;
        _threads = threads;
        _queries = ChooseQueries(count, stride, mostQueries);
        _exact = FindExact(cancellation);
    }

    /// <summary>How many rows are queries.</summary>
    public int Queries => _queries.Length;

    /// <summary>The row that is a query.</summary>
    public int RowOf(int query) => _queries[query];

    /// <summary>Its components, without padding.</summary>
    public ReadOnlySpan<float> QueryOf(int query, int dimension) => new(Row(_queries[query]), dimension);

    /// <summary>True for one of the k rows nearest to a query, itself left out.</summary>
    public bool IsNearest(int query, int k, int row)
    {
        ulong[] nearest = _exact[query];
        for (int i = 0; i < Math.Min(k, nearest.Length); i++)
        {
            if (Beam.NodeOf(nearest[i]) == row)
                return true;
        }
        return false;
    }

    /// <summary>Measures codes of the same rows.</summary>
    public CodesRecall Measure(MeasuredCodes codes, CancellationToken cancellation)
    {
        double[][] right = _metric.Dispatch<Comparison, double[][]>(new(this, codes, cancellation), steady: true);
        double[] recall = new double[2 * Ks.Length + 2];
        for (int i = 0; i < recall.Length; i++)
            recall[i] = Math.Round(right.Average(shares => shares[i]), 4);
        return new CodesRecall(recall[0], recall[1], recall[2], recall[3], recall[4], recall[5]);
    }

    /// <summary>One row of each of as many equal pieces; not the first of each, for rows often come in an order that repeats.</summary>
    private static int[] ChooseQueries(int count, int stride, int most)
    {
        int queries = (int)Math.Clamp(ExactBudget / ((double)count * stride), MinQueries, MaxQueries);
        queries = Math.Min(Math.Min(queries, Math.Max(MinQueries, count / RowsPerQuery)), Math.Min(most, count));
        int[] rows = new int[queries];
        for (int i = 0; i < queries; i++)
        {
            int first = (int)((long)i * count / queries);
            int end = (int)((i + 1L) * count / queries);
            rows[i] = first + (int)(((uint)i * 2_654_435_761u >> 8) % (uint)(end - first));
        }
        return rows;
    }

    private float* Row(int row) => _rows + (long)row * _stride;

    private ulong[][] FindExact(CancellationToken cancellation)
    {
        using VectorTable queries = new(_queries.Length, _stride);
        for (int i = 0; i < _queries.Length; i++)
            queries.Set(i, new ReadOnlySpan<float>(Row(_queries[i]), _stride));
        ExactNeighbors neighbors = new(_metric, queries, Math.Min(Ks[^1] + 1, _count), steady: true);
        neighbors.Scan(_rows, _count, firstRow: 0, _threads, cancellation);

        ulong[][] exact = new ulong[_queries.Length][];
        for (int i = 0; i < exact.Length; i++)
        {
            ReadOnlySpan<ulong> found = neighbors.Sorted(i);
            ulong[] others = new ulong[Math.Min(Ks[^1], _count - 1)];
            int count = 0;
            foreach (ulong entry in found)
                if (Beam.NodeOf(entry) != _queries[i] && count < others.Length)
                    others[count++] = entry;
            exact[i] = others;
        }
        return exact;
    }

    private double[][] Compare<TDistance>(MeasuredCodes codes, CancellationToken cancellation)
        where TDistance : struct, IDistance
    {
        double[][] right = new double[_queries.Length][];
        int grain = (_queries.Length + _threads - 1) / _threads;
        ParallelBuild.For(
            _queries.Length, _threads, grain, (_, from, to) => Compare<TDistance>(codes, from, to, right), cancellation);
        return right;
    }

    private void Compare<TDistance>(MeasuredCodes codes, int fromQuery, int toQuery, double[][] right)
        where TDistance : struct, IDistance
    {
        int most = Math.Min(Reranking.MostOfScan(Ks[^1]), _count - 1);
        ulong[] candidates = new ulong[most];
        using MeasuredCodes.Scan scan = new(codes, _stride);
        for (int i = fromQuery; i < toQuery; i++)
        {
            int query = _queries[i];
            TopK top = new(candidates);
            scan.Run(Row(query), query, _count, ref top);
            Span<ulong> byCodes = top.Sorted();
            ulong[] exact = new ulong[byCodes.Length];
            for (int j = 0; j < exact.Length; j++)
            {
                int node = Beam.NodeOf(byCodes[j]);
                exact[j] = Beam.Pack(node, TDistance.Between(Row(query), Row(node), (nuint)_stride));
            }
            right[i] =
            [
                Share(exact, _exact[i], Ks[0], Ks[0] + WalkMargin), Share(exact, _exact[i], Ks[1], NarrowBeam),
                Share(exact, _exact[i], Ks[0], Reranking.MostOfScan(Ks[0])), Share(exact, _exact[i], Ks[1], Reranking.MostOfScan(Ks[1])),
                Share(exact, _exact[i], LinkK, LinkDepth), BreakTie(byCodes, exact, _exact[i]) ? 1 : 0,
            ];
        }
    }

    /// <summary>True when rows that are equally far are not so by codes.</summary>
    /// <param name="byCodes">Candidates with the distances of their codes.</param>
    /// <param name="exact">The same with exact distances.</param>
    /// <param name="nearest">The exact answer.</param>
    private static bool BreakTie(ReadOnlySpan<ulong> byCodes, ReadOnlySpan<ulong> exact, ReadOnlySpan<ulong> nearest)
    {
        for (int i = Tie - 1; i < nearest.Length; i++)
        {
            float tied = Beam.DistanceOf(nearest[i]);
            if (tied != Beam.DistanceOf(nearest[i - (Tie - 1)]))
                continue;
            float? first = null;
            for (int j = 0; j < exact.Length; j++)
            {
                if (Beam.DistanceOf(exact[j]) != tied)
                    continue;
                float coded = Beam.DistanceOf(byCodes[j]);
                if (first is { } other && other != coded)
                    return true;
                first = coded;
            }
            return false;
        }
        return false;
    }

    /// <summary>The share of the k nearest that is among the first candidates. Of items as far as the k-th any will do.</summary>
    private static double Share(ulong[] candidates, ulong[] nearest, int k, int depth)
    {
        k = Math.Min(k, nearest.Length);
        float last = Beam.DistanceOf(nearest[k - 1]);
        int nearer = 0;
        while (Beam.DistanceOf(nearest[nearer]) < last)
            nearer++;
        int foundNearer = 0;
        int foundTied = 0;
        foreach (ulong candidate in candidates.AsSpan(0, Math.Min(depth, candidates.Length)))
        {
            float distance = Beam.DistanceOf(candidate);
            if (distance < last)
                foundNearer++;
            else if (distance == last)
                foundTied++;
        }
        return (double)TieAwareRecall.CountRight(foundNearer, foundTied, nearer, k) / k;
    }

    private readonly struct Comparison(CodesFidelity fidelity, MeasuredCodes codes, CancellationToken cancellation)
        : IDistanceVisitor<double[][]>
    {
        public double[][] Visit<TDistance>()
            where TDistance : struct, IDistance => fidelity.Compare<TDistance>(codes, cancellation);
    }
}

/// <summary>What was measured of codes.</summary>
/// <param name="Walk10">Of the 10 nearest, the share among the first 74 by codes: as many as a walk at a narrow beam brings.</param>
/// <param name="Walk100">Of the 100 nearest, the share among the first 128: likewise.</param>
/// <param name="Scan10">Of the 10 nearest, the share among as many as a scan by codes keeps.</param>
/// <param name="Scan100">Likewise of the 100 nearest.</param>
/// <param name="Links">Of the 4 nearest, the share among the first 8 by codes: what a graph is linked by, without a second look.</param>
/// <param name="BrokenTies">Share of the queries with a tie of many rows that codes break.</param>
internal sealed record CodesRecall(double Walk10, double Walk100, double Scan10, double Scan100, double Links, double BrokenTies)
{
    /// <summary>Codes that lose more than this share are worth replacing: ordinary data loses nothing at all.</summary>
    public const double Floor = 0.995;

    /// <summary>The same for 100, where a narrow beam has room for few more: ordinary data loses nothing here either.</summary>
    public const double Floor100 = 0.985;

    /// <summary>Ordinary codes lose a thousandth of the order at most; where rows cannot be told apart it is half of it.</summary>
    public const double LinksFloor = 0.99;

    /// <summary>A row so far away that all others are one tie is an exception; rows of which each has such a tie are not.</summary>
    public const double MostBrokenTies = 0.1;

    /// <summary>True when codes tell the nearest well enough to walk by.</summary>
    public bool IsFit => Walk10 >= Floor && Walk100 >= Floor100;

    /// <summary>
    /// True when codes of 4 bits tell the nearest well enough: they are ranked anew through the beam, and who wants 100 results of them
    /// takes a beam wider than the narrowest. They break any tie, and where each row has one, walks go astray in it.
    /// </summary>
    public bool IsFitForDeepRanking => Walk10 >= Floor && Scan100 >= Floor100 && BrokenTies <= MostBrokenTies;

    /// <summary>True when codes order the nearest well enough to choose links by.</summary>
    public bool IsFitForLinks => Links >= LinksFloor && BrokenTies <= MostBrokenTies;
}
