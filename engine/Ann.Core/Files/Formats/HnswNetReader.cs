using System.Runtime.InteropServices;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Vectors and ids of an index file of Hnsw.Net, without its deleted nodes. The whole file is checked when it is opened, so that its keys
/// are known and nothing of it is used that does not hold. Memory: eight bytes an item.
/// </summary>
internal sealed class HnswNetReader : VectorReader
{
    private readonly HnswNetNodes _nodes;
    private readonly RowStream _rows;
    private int _deletedBefore;

    private HnswNetReader(HnswNetHeader header, HnswNetNodes nodes, RowStream rows)
    {
        Header = header;
        _nodes = nodes;
        _rows = rows;
    }

    /// <summary>What the file says of its index.</summary>
    public HnswNetHeader Header { get; }

    /// <inheritdoc/>
    public override string Path => _rows.Path;

    /// <summary>Nodes that are not deleted.</summary>
    public override long Count => Header.Count - _nodes.Deleted.Count;

    /// <inheritdoc/>
    public override int Dimension => Header.Dimension;

    /// <summary>Nodes that are deleted: they are passed over.</summary>
    public int Deleted => _nodes.Deleted.Count;

    /// <summary>The ids of all rows, from the beginning on: a negative one is itself plus 2⁶⁴.</summary>
    public override KeyColumn Keys => _nodes.Keys;

    /// <summary>Rows with a negative id, ascending.</summary>
    public IReadOnlyList<int> NegativeIds => _nodes.Negative;

    /// <summary>Opens a file and checks all of it but the values of its vectors.</summary>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names the file, the byte, and what is wrong.</exception>
    public static HnswNetReader Open(IFileSystem files, string path)
    {
        Stream stream = files.OpenRead(path);
        try
        {
            VectorFile.RequireRegular(stream, path);
            HnswNetHeader header = HnswNetHeader.Read(stream, path);
            HnswNetNodes nodes = HnswNetNodes.Read(stream, path, header);
            if (nodes.Keys.Count == 0)
                throw AnnException.BadInput(path, "", $"it holds no items: of {header.Count} nodes {nodes.Deleted.Count} are deleted.");
            stream.Position = HnswNetHeader.SizeInBytes;
            RowLayout layout = new(header.Count, header.Dimension, ElementType.Float32, HnswNetHeader.SizeInBytes);
            return new HnswNetReader(header, nodes, new RowStream(stream, path, layout));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        Span<float> room = destination[..(wanted * Dimension)];
        while (_rows.Position < _rows.Layout.Rows)
        {
            long first = _rows.Position;
            int read = _rows.ReadInto(MemoryMarshal.AsBytes(room));
            int kept = 0;
            for (int i = 0; i < read; i++)
            {
                if (_deletedBefore < Deleted && _nodes.Deleted[_deletedBefore] == first + i)
                    _deletedBefore++;
                else
                    room.Slice(i * Dimension, Dimension).CopyTo(room[(kept++ * Dimension)..]);
            }
            if (kept > 0)
                return kept;
        }
        return 0;
    }

    /// <summary>The node of a row: deleted ones are numbered too.</summary>
    public override string Place(long row) => NodeRowsReader.PlaceOf(_nodes.Deleted, row);

    /// <inheritdoc/>
    public override void Dispose() => _rows.Dispose();
}
