using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// The exact k nearest rows of many queries; rows may be given block by block, for bases larger than memory. Far fewer reads of memory
/// than a scan a query, since a piece of rows stays in the cache for all queries.
/// </summary>
internal sealed unsafe class ExactNeighbors
{
    /// <summary>Bytes of rows that all queries look at before the next piece: half of a small second-level cache.</summary>
    private const int PieceBytes = 128 << 10;

    private readonly PieceScan _scan;
    private readonly VectorTable _queries;
    private readonly int _k;
    private readonly ulong[] _heaps;
    private readonly int[] _counts;

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="queries">Prepared for the metric by <see cref="RowPreparation"/>. Must outlive this object.</param>
    /// <param name="k">Neighbours of a query, 1 or more.</param>
    /// <param name="steady">True for sums of one order on every machine, which take longer.</param>
    public ExactNeighbors(Metric metric, VectorTable queries, int k, bool steady = false)
    {
        _scan = metric.Dispatch<Scans, PieceScan>(new(this), steady);
        _queries = queries;
        _k = k;
        _heaps = new ulong[(long)queries.Count * k];
        _counts = new int[queries.Count];
    }

    /// <summary>Looks at the first rows of a table.</summary>
    public void Scan(VectorTable rows, int count, int firstRow, int threads, CancellationToken cancellation) =>
        Scan(rows.Start, count, firstRow, threads, cancellation);

    /// <summary>Looks at more rows.</summary>
    /// <param name="rows">First component of the first row, prepared for the metric, each padded as the queries are.</param>
    /// <param name="count">How many.</param>
    /// <param name="firstRow">What the first is called in the result.</param>
    /// <param name="threads">Threads at most; the result does not depend on them.</param>
    /// <param name="cancellation">Ends the scan early.</param>
    public void Scan(float* rows, int count, int firstRow, int threads, CancellationToken cancellation)
    {
        int grain = Math.Max(1, Math.Min(64, (_queries.Count + threads - 1) / threads));
        ParallelBuild.For(_queries.Count, threads, grain, (_, from, to) => _scan(rows, count, firstRow, from, to), cancellation);
    }

    /// <summary>The answer of one query as beam entries, nearest first, ties by row. Call it once, after the last scan.</summary>
    /// <returns>k, or fewer when there were fewer rows.</returns>
    public Span<ulong> Sorted(int query) => new TopK(Heap(query), _counts[query]).Sorted();

    /// <summary><see cref="Sorted"/>, taken apart.</summary>
    /// <returns>Neighbours written.</returns>
    public int Result(int query, Span<int> rows, Span<float> distances)
    {
        Span<ulong> sorted = Sorted(query);
        for (int i = 0; i < sorted.Length; i++)
        {
            rows[i] = Beam.NodeOf(sorted[i]);
            distances[i] = Beam.DistanceOf(sorted[i]);
        }
        return sorted.Length;
    }

    private Span<ulong> Heap(int query) => _heaps.AsSpan(query * _k, _k);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // it runs a few times, for long
    private void Scan<TDistance>(float* rows, int count, int firstRow, int fromQuery, int toQuery)
        where TDistance : struct, IDistance
    {
        int stride = _queries.Stride;
        int piece = Math.Max(8, PieceBytes / (stride * sizeof(float)));
        for (int from = 0; from < count; from += piece)
        {
            int to = Math.Min(from + piece, count);
            for (int query = fromQuery; query < toQuery; query++)
            {
                TopK top = new(Heap(query), _counts[query]);
                float* vector = _queries.Row(query);
                for (int row = from; row < to; row++)
                {
                    ulong entry = Beam.Pack(firstRow + row, TDistance.Between(vector, rows + (long)row * stride, (nuint)stride));
                    if (entry < top.Threshold)
                        top.Add(entry);
                }
                _counts[query] = top.Count;
            }
        }
    }

    private delegate void PieceScan(float* rows, int count, int firstRow, int fromQuery, int toQuery);

    private readonly struct Scans(ExactNeighbors neighbors) : IDistanceVisitor<PieceScan>
    {
        public PieceScan Visit<TDistance>()
            where TDistance : struct, IDistance => neighbors.Scan<TDistance>;
    }
}
