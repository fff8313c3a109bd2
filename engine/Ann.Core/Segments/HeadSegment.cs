using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Ann.Core.Attributes;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// The segment that takes the writes: rows, keys and an HNSW graph in native memory that readers walk without a lock while one writer
/// inserts. Room for its whole capacity is there from the start, at fixed addresses; memory is taken as rows come.
/// </summary>
/// <remarks>
/// A row's way, on the writer's thread: <see cref="Append"/> (row and key are there), <see cref="Link"/> (the graph leads to it),
/// <see cref="Publish"/> (readers see it). A node's row, key, level and own links are written before any link to it, and all of that before
/// the read point that shows it. A reader takes <see cref="Published"/> once and asks with it: nodes beyond it are walked through, and
/// never returned. Deaths are told apart by their sequence in the same way: <see cref="Tombstones"/>.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Its owners count holders; the last one's Release frees it.")]
internal sealed unsafe class HeadSegment : LiveSegment
{
    private readonly HeadShape _shape;
    private readonly LazyBlock _rows;
    private readonly int _rowStride;
    private readonly HeadCopies _copies;
    private readonly HeadGraph _graph;
    private readonly HeadKeys _keys;
    private readonly HeadAttributes? _attributes;
    private readonly HeadPayloads _payloads;
    private readonly HeadBuild _build;
    private readonly SegmentSearcher _searcher;
    private volatile PublishedPoint _published = new(default);
    private int _count;
    private int _linked;

    /// <param name="shape">What it is for; its parameters were checked.</param>
    /// <exception cref="OutOfMemoryException">The machine has no such room.</exception>
    public HeadSegment(HeadShape shape)
    {
        Debug.Assert(shape.Capacity is >= 1 and <= SegmentBuilder.MaxRows);
        Debug.Assert(shape.Dimension is >= 1 and <= SegmentBuilder.MaxDimension);
        _shape = shape;
        _rowStride = VectorTable.StrideOf(shape.Dimension);
        _rows = new LazyBlock((long)shape.Capacity * _rowStride * sizeof(float));
        float* rows = (float*)_rows.Start;
        _copies = new HeadCopies(rows, _rowStride, shape.Dimension, shape.Capacity);
        _graph = new HeadGraph(shape.Capacity, shape.Parameters, _copies.Nodes);
        _keys = new HeadKeys(shape);
        _attributes = shape.Attributes.Count == 0 ? null : new HeadAttributes(shape.Attributes, shape.Capacity);
        _payloads = new HeadPayloads(shape.Capacity, shape.PayloadRoom);
        Dead = new Tombstones(shape.Capacity);
        _build = new HeadBuild(shape, _graph.Graph, rows, _copies, Dead.IsDead);
        GrowingCodes? codes = Codes;
        SegmentView view = new()
        {
            Metric = shape.Metric,
            Codes = codes is null ? CodesTraits.None : shape.Codes,
            Dimension = shape.Dimension,
            Graph = _graph.Graph,
            Rows = rows,
            RowStride = _rowStride,
            CodeBytes = codes is null ? null : codes.Codes,
            CodeStride = codes is null ? 0 : codes.Stride,
            CodeMean = codes is null ? null : codes.Mean,
            Growing = new GrowingParts(codes, _copies),
        };
        _searcher = new SegmentSearcher(in view, _keys);
    }

    /// <summary>Most rows.</summary>
    public int Capacity => _shape.Capacity;

    /// <summary>
    /// True when no further row may be appended: there is no room for rows, or none for the text of keys, or attributes or payloads took
    /// theirs.
    /// </summary>
    public bool IsFull => _count == _shape.Capacity || !_keys.HasRoom || _attributes is { IsFull: true } || _payloads.IsFull;

    /// <summary>Bytes of payloads that there is room for.</summary>
    public long PayloadRoom => _payloads.Left;

    /// <summary>Bytes of memory that payloads take, beside <see cref="BytesOf"/>. Told after the head was freed, too.</summary>
    public long PayloadBytes => _payloads.MemoryBytes;

    /// <inheritdoc/>
    public override Metric Metric => _shape.Metric;

    /// <inheritdoc/>
    public override int Dimension => _shape.Dimension;

    /// <inheritdoc/>
    public override KeyKind KeyKind => _shape.KeyKind;

    /// <inheritdoc/>
    public override int Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    public override long MemoryBytes =>
        _shape.FixedBytes + _graph.UpperBytes + Count * _shape.BytesPerRow + _keys.TextBytes + Dead.SizeInBytes
        + MaskBytes + (_attributes?.GrownBytes ?? 0) + PayloadBytes;

    internal override AttributeTable? Attributes => _attributes;

    internal override Tombstones Dead { get; }

    /// <inheritdoc/>
    internal override ReadPoint Published => _published.Point;

    /// <summary>
    /// Most bytes that a head of this shape holds: full, every node with its tombstone, all that there is room for of the text of keys and
    /// of attributes, and the scratch of the writer and of one search. The attributes of its last item may come on top, and payloads do
    /// (<see cref="PayloadBytes"/>).
    /// </summary>
    public static long BytesOf(HeadShape shape) =>
        shape.FixedBytes + HeadGraph.UpperBytesOf(shape.Capacity, shape.Parameters) + shape.Capacity * shape.BytesPerRow
        + shape.TextCapacity + HeadAttributes.RoomOf(shape.Attributes, shape.Capacity)
        + Tombstones.BytesOf(shape.Capacity);

    /// <summary>The codes that it is searched by; null for none.</summary>
    internal GrowingCodes? Codes => _build.RowCodes;

    /// <summary>True when all links follow exact distances, not those of codes.</summary>
    internal bool IsBuiltOnRows => _build.IsOnRows;

    /// <summary>The graph: what sealing takes over once the head is frozen.</summary>
    internal HnswGraph Graph => _graph.Graph;

    /// <summary>Copies a row and its key in. Writer only. Neither linked nor seen by readers yet; older nodes of the key stay.</summary>
    /// <param name="key">Of the index's kind.</param>
    /// <param name="row">Prepared (<see cref="RowPreparation"/>).</param>
    /// <param name="attributes">Of the head's schema; null for no value.</param>
    /// <param name="item">Of those.</param>
    /// <param name="payload">Its payload, and whether it stays where it lies.</param>
    /// <returns>The node.</returns>
    public int Append(
        in ItemKey key, ReadOnlySpan<float> row, AttributeBatch? attributes = null, int item = 0, NewPayload payload = default)
    {
        Debug.Assert(!IsFull);
        Debug.Assert(row.Length == _shape.Dimension);
        int node = _count;
        row.CopyTo(new Span<float>((float*)_rows.Start + (long)node * _rowStride, row.Length));
        _graph.Begin(node);
        _attributes?.Append(node, attributes, item);
        _payloads.Append(node, payload);
        _keys.Add(in key, node);
        Volatile.Write(ref _count, node + 1);
        return node;
    }

    /// <summary>Inserts all rows that were appended since into the graph. Writer only. Many at once cost less each.</summary>
    public void Link()
    {
        if (_linked == _count)
            return;
        _build.Insert(_linked, _count);
        Volatile.Write(ref _linked, _count);
    }

    /// <summary>Shows readers all linked rows, and the deaths by writes up to a sequence. Writer only.</summary>
    /// <param name="sequence">Not smaller than the last.</param>
    public void Publish(long sequence)
    {
        Debug.Assert(sequence >= _published.Point.Sequence);
        Interlocked.MemoryBarrier();
        _published = new PublishedPoint(new ReadPoint(sequence, _linked));
    }

    internal override int FindNewest(in ItemKey key) => _keys.FindNewest(in key);

    internal override int Find(in ItemKey key, ReadPoint at)
    {
        int node = _keys.Find(in key, Linked(at).Rows);
        return node >= 0 && !Dead.IsDead(node, at.Sequence) ? node : -1;
    }

    internal override ItemKey KeyOf(int node)
    {
        Debug.Assert((uint)node < (uint)Count);
        return _keys.KeyOf(node);
    }

    internal override ReadOnlySpan<float> Row(int node)
    {
        Debug.Assert((uint)node < (uint)Count);
        return new ReadOnlySpan<float>((float*)_rows.Start + (long)node * _rowStride, _shape.Dimension);
    }

    internal override bool HasPayloads => _payloads.Any;

    internal override ReadOnlySpan<byte> Payload(int node)
    {
        Debug.Assert((uint)node < (uint)Count);
        return _payloads.At(node);
    }

    internal override bool? Reaches(int node, in SearchBudget budget)
    {
        HnswGraph graph = _graph.Graph;
        return Reachability.Leads<GrowingRows>(in graph, node, in budget);
    }

    private protected override SegmentSearcher Searcher => _searcher;

    /// <remarks>It grows under its readers, so that there is always something to refuse.</remarks>
    private protected override SegmentSight SightAt(ReadPoint at)
    {
        ReadPoint linked = Linked(at);
        int alive = Math.Max(linked.Rows - Dead.Count, 0); // at least: some died after the read point
        return new SegmentSight(linked.Rows, alive, Dead.LeaveFew(linked.Rows), Dead.LiveAt(linked));
    }

    private protected override void Free()
    {
        _searcher.Dispose();
        _build.Dispose();
        _keys.Dispose();
        _attributes?.Dispose();
        _payloads.Dispose();
        _graph.Dispose();
        _copies.Dispose();
        _rows.Dispose();
        Dead.Dispose();
    }

    /// <summary>A read point that was not taken from this head shows no more than what is linked.</summary>
    private ReadPoint Linked(ReadPoint at) => at with { Rows = Math.Min(at.Rows, Volatile.Read(ref _linked)) };

    /// <summary>A read point that is replaced at once, both halves of it.</summary>
    private sealed class PublishedPoint(ReadPoint point)
    {
        public ReadPoint Point { get; } = point;
    }
}
