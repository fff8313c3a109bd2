using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Core.Segments;
using BenchmarkDotNet.Attributes;

namespace Ann.Bench.Micro;

/// <summary>The walk with rerank, by layout and k. Its recall and distances computed stand in columns of their own.</summary>
[MemoryDiagnoser]
public class WalkBenchmarks : IDisposable
{
    private MicroSet? _set;
    private Neighbor[] _found = [];
    private SearchParameters _parameters;
    private int _next;

    /// <summary>Layout of the segment.</summary>
    [Params(SegmentLayout.Lean, SegmentLayout.Fast)]
    public SegmentLayout Layout { get; set; } = SegmentLayout.Lean;

    /// <summary>Results.</summary>
    [Params(10, 1000)]
    public int K { get; set; } = 10;

    /// <summary>Builds the set and measures recall.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _set = new MicroSet(Layout);
        int k = Math.Min(K, _set.Segment.Count);
        _parameters = new SearchParameters(k, k == 10 ? 32 : k + (k / 4));
        _found = new Neighbor[k];
        WalkColumn.Note(Layout, K, _set.Figures(_parameters));
    }

    /// <summary>One query.</summary>
    [Benchmark]
    public int Search()
    {
        float[] query = _set!.Queries[_next++ % _set.Queries.Length];
        return _set.Segment.Search(query, in _parameters, SearchBudget.Unlimited, _found, out _);
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _set?.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What surrounds the walk: exact distances one by one as in the rerank, the exact scan, and opening a file.</summary>
[MemoryDiagnoser]
public class SegmentBenchmarks : IDisposable
{
    private const int Reranked = 100;

    private readonly Neighbor[] _found = new Neighbor[10];
    private readonly int[] _nodes = new int[Reranked];
    private MicroSet? _set;

    /// <summary>Builds the set.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _set = new MicroSet(SegmentLayout.Lean);
        for (int i = 0; i < Reranked; i++)
            _nodes[i] = (int)((long)i * _set.Segment.Count / Reranked);
    }

    /// <summary>Float32 distances of a hundred scattered rows, query checked each time.</summary>
    [Benchmark(OperationsPerInvoke = Reranked)]
    public float RerankDistance()
    {
        float sum = 0;
        foreach (int node in _nodes)
            sum += _set!.Segment.Distance(_set.Queries[0], node);
        return sum;
    }

    /// <summary>Every row.</summary>
    [Benchmark]
    public int ExactScan() =>
        _set!.Segment.Search(_set.Queries[0], new SearchParameters(10, Exact: true), SearchBudget.Unlimited, _found, out _);

    /// <summary>Maps a file and checks all of it.</summary>
    [Benchmark]
    public int Open()
    {
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _set!.Path);
        return segment.Count;
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _set?.Dispose();
        GC.SuppressFinalize(this);
    }
}
