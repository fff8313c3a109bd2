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
    private readonly Rotation? _rotation;
    private readonly NativeBlock? _row;
    private readonly int _dimension;
    private ulong[] _ranked = new ulong[256];
    private readonly NativeBlock? _verdicts;
    private ulong[] _candidates = [];
    private ulong[] _items = [];

    public QueryContext(in SegmentView segment)
    {
        _dimension = segment.Dimension;
        _query = new NativeBlock(VectorTable.StrideOf(_dimension) * (long)sizeof(float));
        _scratch = new NativeBlock(Int8Codes.StrideOf(_dimension) * (long)sizeof(float));
        _quantised = new NativeBlock(Int8Codes.StrideOf(_dimension) * (long)sizeof(short));
        Walk = new SearchContext(segment.Count, segment.Blocks is { } b ? b.Groups * FastScan.Lanes : segment.Graph.M0);
        if (!segment.Graph.Copies.IsEmpty)
            _verdicts = new NativeBlock(AmongCopies<AcceptAll>.Verdicts * sizeof(ulong));
        if (segment.RowReads is not null)
            _row = new NativeBlock(segment.RowBytes);
        if (segment.Codes.AreInt4() && segment.Growing is null)
            _rotation = Rotation.ForCodes(Int4Codes.ComponentsOf(_dimension));
        if (segment.Blocks is { } shape)
            _estimates = new EstimateTables(segment.Dimension, shape.Bits);
    }

    /// <summary>Scratch of the graph walk.</summary>
    public SearchContext Walk { get; }

    /// <summary>The prepared query, zero-padded.</summary>
    public float* Query => (float*)_query.Start;

    /// <summary>The same without padding.</summary>
    public Span<float> QueryValues => new(Query, _dimension);

    /// <summary>Room for a row that is read by its place; there where the segment's are.</summary>
    public float* Row => (float*)_row!.Start;

    /// <summary>The 16-bit query, zero-padded.</summary>
    public short* Quantised => (short*)_quantised.Start;

    /// <summary>Quantises <see cref="Query"/> for the codes of a segment, without a bound.</summary>
    /// <param name="segment">Where the codes lie.</param>
    /// <param name="isCentred">True to centre it on the mean of the codes.</param>
    public CodedQuery Quantise(in SegmentView segment, bool isCentred) => CodedQuery.Quantise(
        Query, segment.CodeMean, (float*)_scratch.Start, segment.RowStride, new Span<short>(Quantised, Int8Codes.StrideOf(_dimension)),
        isCentred, _rotation);

    /// <summary>Makes the tables by which <see cref="Query"/> reads the estimates of a segment in the fast layout.</summary>
    public EstimateQuery Estimate(in SegmentView segment) =>
        _estimates!.Prepare(segment.Metric, Query, segment.CodeMean, 1 + segment.MoreMargin);

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

    /// <summary>A filter for walks in a graph that has copies. Forgets what the last one found out.</summary>
    public AmongCopies<TFilter> Among<TFilter>(in TFilter items, NodeCopies copies)
        where TFilter : struct, INodeFilter
    {
        new Span<byte>(_verdicts!.Start, (int)_verdicts.SizeInBytes).Clear();
        return new AmongCopies<TFilter>(items, copies, (ulong*)_verdicts.Start);
    }

    /// <summary>Expands ranked leaders to the items that they stand for; where there are no copies they are these items.</summary>
    /// <inheritdoc cref="CopyExpansion.Run"/>
    public Span<ulong> Expand<TFilter>(NodeCopies copies, Span<ulong> ranked, int k, scoped in TFilter filter, bool inKeyOrder)
        where TFilter : struct, INodeFilter
    {
        if (copies.IsEmpty)
            return ranked;
        int count = CopyExpansion.Run(copies, ranked, k, in filter, inKeyOrder, ref _items);
        return _items.AsSpan(0, count);
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
        _rotation?.Dispose();
        _row?.Dispose();
        _verdicts?.Dispose();
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
