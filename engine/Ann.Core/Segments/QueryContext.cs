using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Everything one search needs beside the segment. Pooled.</summary>
internal sealed unsafe class QueryContext : IDisposable
{
    private readonly NativeBlock _query;
    private readonly NativeBlock _scratch;
    private readonly NativeBlock _quantised;
    private readonly EstimateTables? _estimates;
    private readonly int _dimension;
    private ulong[] _ranked = new ulong[256];
    private ulong[] _candidates = [];

    public QueryContext(in SegmentView segment)
    {
        _dimension = segment.Dimension;
        _query = new NativeBlock(VectorTable.StrideOf(_dimension) * (long)sizeof(float));
        _scratch = new NativeBlock(VectorTable.StrideOf(_dimension) * (long)sizeof(float));
        _quantised = new NativeBlock(Int8Codes.StrideOf(_dimension) * (long)sizeof(short));
        Walk = new SearchContext(segment.Count, segment.Blocks is { } b ? b.Groups * FastScan.Lanes : segment.Graph.M0);
        if (segment.Blocks is { } shape)
            _estimates = new EstimateTables(segment.Dimension, shape.Bits);
    }

    /// <summary>Scratch of the graph walk.</summary>
    public SearchContext Walk { get; }

    /// <summary>The prepared query, zero-padded.</summary>
    public float* Query => (float*)_query.Start;

    /// <summary>The same without padding.</summary>
    public Span<float> QueryValues => new(Query, _dimension);

    /// <summary>The 16-bit query, zero-padded.</summary>
    public short* Quantised => (short*)_quantised.Start;

    /// <summary>Quantises <see cref="Query"/> for the codes of a segment.</summary>
    public Int8Query Quantise(in SegmentView segment)
    {
        Int8Query coded = Quantise(in segment, segment.Metric);
        return coded with { Bound = CodeScoring.BoundOf(in segment, in coded) };
    }

    /// <summary>The same for codes of another metric, without the bound.</summary>
    public Int8Query Quantise(in SegmentView segment, Metric metric) => Int8Query.Quantise(
        metric, Query, segment.CodeMean, (float*)_scratch.Start, segment.RowStride,
        new Span<short>(Quantised, Int8Codes.StrideOf(_dimension)));

    /// <summary>Makes the tables by which <see cref="Query"/> reads the estimates of a segment in the fast layout.</summary>
    public EstimateQuery Estimate(in SegmentView segment) => _estimates!.Prepare(segment.Metric, Query, segment.CodeMean);

    /// <summary>Room for ranked entries. Allocates only when it was never this large.</summary>
    public Span<ulong> Ranked(int count)
    {
        if (_ranked.Length < count)
            _ranked = new ulong[count];
        return _ranked.AsSpan(0, count);
    }

    /// <summary>Copies what a walk or scan found to <see cref="Ranked"/>, without marks.</summary>
    public Span<ulong> Copy(ReadOnlySpan<ulong> found)
    {
        Span<ulong> ranked = Ranked(found.Length);
        for (int i = 0; i < found.Length; i++)
            ranked[i] = Beam.Unmarked(found[i]);
        return ranked;
    }

    /// <summary>Room for the candidates that a scan of codes leaves to the rerank. Allocates only when it was never this large.</summary>
    public Span<ulong> Candidates(int count)
    {
        if (_candidates.Length < count)
            _candidates = new ulong[count];
        return _candidates.AsSpan(0, count);
    }

    public void Dispose()
    {
        _query.Dispose();
        _scratch.Dispose();
        _quantised.Dispose();
        Walk.Dispose();
        _estimates?.Dispose();
    }
}

/// <summary>Idle contexts of one segment. Renting and returning take no lock.</summary>
internal sealed class QueryContextPool(SegmentView segment) : IDisposable
{
    /// <summary>A thread that searches many queries at once holds one for each.</summary>
    private const int ContextsPerCore = 8;

    private readonly QueryContext?[] _idle = new QueryContext?[ContextsPerCore * Environment.ProcessorCount];

    public QueryContext Rent()
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is not null && Interlocked.Exchange(ref _idle[i], null) is { } context)
                return context;
        }
        return new QueryContext(in segment);
    }

    public void Return(QueryContext context)
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is null && Interlocked.CompareExchange(ref _idle[i], context, null) is null)
                return;
        }
        context.Dispose();
    }

    public void Dispose()
    {
        for (int i = 0; i < _idle.Length; i++)
            Interlocked.Exchange(ref _idle[i], null)?.Dispose();
    }
}
