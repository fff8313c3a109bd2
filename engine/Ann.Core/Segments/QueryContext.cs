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
    private readonly int _dimension;
    private ulong[] _ranked = new ulong[256];

    public QueryContext(in SegmentView segment)
    {
        _dimension = segment.Dimension;
        _query = new NativeBlock(VectorTable.StrideOf(_dimension) * (long)sizeof(float));
        _scratch = new NativeBlock(VectorTable.StrideOf(_dimension) * (long)sizeof(float));
        _quantised = new NativeBlock(Int8Codes.StrideOf(_dimension) * (long)sizeof(short));
        Walk = new SearchContext(segment.Count, segment.Blocks is { } b ? b.Groups * FastScan.Lanes : segment.Graph.M0);
        if (segment.Blocks is { } shape)
            Estimates = new EstimateTables(segment.Dimension, shape.Bits);
    }

    /// <summary>Scratch of the graph walk.</summary>
    public SearchContext Walk { get; }

    /// <summary>Makes the tables of estimates; null in the lean layout.</summary>
    public EstimateTables? Estimates { get; }

    /// <summary>The prepared query, zero-padded.</summary>
    public float* Query => (float*)_query.Start;

    /// <summary>The same without padding.</summary>
    public Span<float> QueryValues => new(Query, _dimension);

    /// <summary>A padded row for intermediate results.</summary>
    public float* Scratch => (float*)_scratch.Start;

    /// <summary>The 16-bit query, zero-padded.</summary>
    public Span<short> Quantised => new(_quantised.Start, Int8Codes.StrideOf(_dimension));

    /// <summary>Room for ranked entries. Allocates only when it was never this large.</summary>
    public Span<ulong> Ranked(int count)
    {
        if (_ranked.Length < count)
            _ranked = new ulong[count];
        return _ranked.AsSpan(0, count);
    }

    public void Dispose()
    {
        _query.Dispose();
        _scratch.Dispose();
        _quantised.Dispose();
        Walk.Dispose();
        Estimates?.Dispose();
    }
}

/// <summary>Idle contexts of one segment. Renting and returning take no lock.</summary>
internal sealed class QueryContextPool(SegmentView segment) : IDisposable
{
    private readonly QueryContext?[] _idle = new QueryContext?[2 * Environment.ProcessorCount];

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
