using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Workers;

/// <summary>AnnServer's engine, several queries a call.</summary>
internal sealed class SegmentBatchTarget : ISearchTarget
{
    [ThreadStatic]
    private static Scratch? _scratch;

    private readonly SealedSegment _segment;
    private readonly float[] _values;
    private readonly int _k;
    private SearchParameters _parameters;

    public SegmentBatchTarget(ToolContext tool, WorkerRequest request)
    {
        _segment = SealedSegment.Open(tool.Files, request.Index);
        QuerySet queries = QuerySet.Load(tool, request.Queries, request.Index, _segment.Dimension);
        _values = new float[queries.Count * _segment.Dimension];
        for (int query = 0; query < queries.Count; query++)
            queries[query].CopyTo(_values.AsSpan(query * _segment.Dimension));
        _k = request.K;
        Queries = queries.Count;
    }

    /// <inheritdoc/>
    public int Batch => 16;

    /// <inheritdoc/>
    public int Queries { get; }

    /// <inheritdoc/>
    public void SetEf(int ef) => _parameters = new SearchParameters(_k, ef);

    /// <inheritdoc/>
    public void BeginThread() => _scratch ??= new Scratch(Batch, _k);

    /// <inheritdoc/>
    public long Search(int first, int count, Span<int> answers)
    {
        Scratch scratch = _scratch!;
        int dimension = _segment.Dimension;
        SegmentQuery queries = new()
        {
            Queries = _values.AsSpan(first * dimension, count * dimension),
            Parameters = _parameters,
        };
        _segment.Search(
            in queries, scratch.Found.AsSpan(0, count * _k), scratch.Counts.AsSpan(0, count), scratch.Statistics.AsSpan(0, count));
        long visited = 0;
        for (int query = 0; query < count; query++)
        {
            visited += scratch.Statistics[query].Visited;
            Span<int> target = answers.Slice(query * _k, _k);
            target[scratch.Counts[query]..].Fill(-1);
            for (int i = 0; i < scratch.Counts[query]; i++)
                target[i] = scratch.Found[(query * _k) + i].Node;
        }
        return visited;
    }

    /// <inheritdoc/>
    public void Dispose() => _segment.Dispose();

    private sealed class Scratch(int batch, int k)
    {
        public Neighbor[] Found { get; } = new Neighbor[batch * k];

        public int[] Counts { get; } = new int[batch];

        public SearchStatistics[] Statistics { get; } = new SearchStatistics[batch];
    }
}
