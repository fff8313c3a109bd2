using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Where the vectors of an index file of another engine lie: one a node, all as far apart.</summary>
/// <param name="Nodes">Nodes, deleted ones too.</param>
/// <param name="Dimension">Components of a vector.</param>
/// <param name="Element">What a component is.</param>
/// <param name="Offset">Where the first node's vector begins, in bytes.</param>
/// <param name="Stride">Bytes from one vector to the next.</param>
internal readonly record struct NodeRows(long Nodes, int Dimension, ElementType Element, long Offset, int Stride)
{
    /// <summary>Bytes of a vector.</summary>
    public int RowSizeInBytes => Dimension * Element.SizeInBytes();
}

/// <summary>Vectors of an index file of another engine, without its deleted nodes.</summary>
/// <param name="stream">The file, seekable; owned from here on.</param>
/// <param name="path">What it is called.</param>
/// <param name="rows">Which has been held to the length of the file.</param>
/// <param name="keys">Keys of the nodes that are not deleted.</param>
/// <param name="deleted">The others, ascending.</param>
internal sealed class NodeRowsReader(Stream stream, string path, NodeRows rows, KeyColumn keys, IReadOnlyList<int> deleted) : VectorReader
{
    private const int BufferSizeInBytes = 1 << 18;

    private readonly byte[] _buffer = new byte[Math.Max(rows.Stride, BufferSizeInBytes / rows.Stride * rows.Stride)];
    private long _node;
    private int _deletedBefore;
    private int _next;
    private int _buffered;

    /// <inheritdoc/>
    public override string Path => path;

    /// <inheritdoc/>
    public override long Count => rows.Nodes - deleted.Count;

    /// <inheritdoc/>
    public override int Dimension => rows.Dimension;

    /// <inheritdoc/>
    public override KeyColumn Keys => keys;

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        int done = 0;
        while (done < wanted && _node < rows.Nodes)
        {
            if (_next == _buffered)
                Fill();
            ReadOnlySpan<byte> stored = _buffer.AsSpan(_next * rows.Stride, rows.RowSizeInBytes);
            _next++;
            long node = _node++;
            if (_deletedBefore < deleted.Count && deleted[_deletedBefore] == node)
                _deletedBefore++;
            else
                rows.Element.ToFloats(stored, destination.Slice(done++ * Dimension, Dimension));
        }
        return done;
    }

    /// <inheritdoc/>
    public override string Place(long row) => PlaceOf(deleted, row);

    /// <summary>The node of a row: deleted ones are numbered too.</summary>
    internal static string PlaceOf(IReadOnlyList<int> deleted, long row)
    {
        // Of the deleted nodes, those come before the row whose number less the deleted ones before them does.
        (int low, int high) = (0, deleted.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (deleted[middle] - middle <= row)
                low = middle + 1;
            else
                high = middle;
        }
        return $"node {row + low}";
    }

    /// <inheritdoc/>
    public override void Dispose() => stream.Dispose();

    private void Fill()
    {
        _buffered = (int)Math.Min(rows.Nodes - _node, _buffer.Length / rows.Stride);
        _next = 0;
        stream.Position = rows.Offset + _node * rows.Stride;
        // Behind the last vector there may be less than a stride.
        int size = (_buffered - 1) * rows.Stride + rows.RowSizeInBytes;
        if (stream.ReadAtLeast(_buffer.AsSpan(0, size), size, throwOnEndOfStream: false) < size)
            throw AnnException.BadInput(path, $"node {_node}", "the file ends soon behind this node: it became shorter while it was read.");
    }
}
