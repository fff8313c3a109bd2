using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Workers;

/// <summary>AnnServer's engine: one query a call, or exact.</summary>
internal sealed class SegmentTarget : ISearchTarget
{
    /// <summary>Queries of the exact scan: each costs a look at every row.</summary>
    private const int ExactQueries = 100;

    [ThreadStatic]
    private static Neighbor[]? _found;

    private readonly SealedSegment _segment;
    private readonly QuerySet _queries;
    private readonly int _k;
    private readonly bool _exact;
    private SearchParameters _parameters;

    public SegmentTarget(ToolContext tool, WorkerRequest request, bool exact)
    {
        _segment = SealedSegment.Open(tool.Files, request.Index);
        _queries = QuerySet.Load(tool, request.Queries, request.Index, _segment.Dimension);
        _k = request.K;
        _exact = exact;
        Queries = exact ? Math.Min(_queries.Count, ExactQueries) : _queries.Count;
    }

    /// <inheritdoc/>
    public int Batch => 1;

    /// <inheritdoc/>
    public int Queries { get; }

    /// <inheritdoc/>
    public void SetEf(int ef) => _parameters = _exact ? new SearchParameters(_k, Exact: true) : new SearchParameters(_k, ef);

    /// <inheritdoc/>
    public void BeginThread() => _found ??= new Neighbor[_k];

    /// <inheritdoc/>
    public long Search(int first, int count, Span<int> answers)
    {
        Neighbor[] found = _found!;
        int results = _segment.Search(_queries[first], in _parameters, SearchBudget.Unlimited, found, out SearchStatistics statistics);
        for (int i = 0; i < results; i++)
            answers[i] = found[i].Node;
        answers[results..].Fill(-1);
        return statistics.Visited;
    }

    /// <inheritdoc/>
    public void Dispose() => _segment.Dispose();
}
