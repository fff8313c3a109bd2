using System.Buffers;
using System.Buffers.Binary;

namespace Ann.Core.Files.Formats;

/// <summary>Raw rows of a binary file, in order, through one pooled buffer.</summary>
internal sealed class RowStream(Stream stream, string path, RowLayout layout) : IDisposable
{
    private const int BufferSizeInBytes = 1 << 18;

    private byte[] _buffer = [];

    /// <summary>What the header says.</summary>
    public RowLayout Layout => layout;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Rows read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Reads the next rows, without their prefixes one after another.</summary>
    /// <param name="maxRows">Most rows wanted, 1 or more.</param>
    /// <returns>The bytes of 1 to <paramref name="maxRows"/> rows; empty at the end. Valid until the next call.</returns>
    public ReadOnlySpan<byte> Read(int maxRows)
    {
        int rowSizeInBytes = layout.RowSizeInBytes;
        int rows = (int)Math.Min(layout.Rows - Position, Math.Min(maxRows, Math.Max(1, BufferSizeInBytes / rowSizeInBytes)));
        if (rows == 0)
            return default;

        int sizeInBytes = rows * rowSizeInBytes;
        if (_buffer.Length == 0) // One row may be larger than the buffer we would like: at most 512 KiB.
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(BufferSizeInBytes, rowSizeInBytes));
        ReadExactly(_buffer.AsSpan(0, sizeInBytes));
        if (layout.HasRowPrefix)
            RemovePrefixes(rows);
        Position += rows;
        return _buffer.AsSpan(0, rows * (rowSizeInBytes - layout.PrefixSizeInBytes));
    }

    /// <summary>Reads the next rows straight into their destination. Only for a layout without prefixes.</summary>
    /// <param name="destination">Room for one row or more.</param>
    /// <returns>Rows read; 0 at the end.</returns>
    public int ReadInto(Span<byte> destination)
    {
        int rows = (int)Math.Min(layout.Rows - Position, destination.Length / layout.RowSizeInBytes);
        ReadExactly(destination[..(rows * layout.RowSizeInBytes)]);
        Position += rows;
        return rows;
    }

    public void Dispose()
    {
        stream.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void ReadExactly(Span<byte> destination)
    {
        int read = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        if (read < destination.Length)
        {
            long row = Position + read / layout.RowSizeInBytes;
            throw AnnException.BadInput(path, $"row {row}", "the file ends inside this row: it became shorter while it was read.");
        }
    }

    private void RemovePrefixes(int rows)
    {
        int bodySizeInBytes = layout.RowSizeInBytes - sizeof(int);
        for (int row = 0; row < rows; row++)
        {
            Span<byte> stored = _buffer.AsSpan(row * layout.RowSizeInBytes, layout.RowSizeInBytes);
            int columns = BinaryPrimitives.ReadInt32LittleEndian(stored);
            if (columns != layout.Columns)
            {
                throw AnnException.BadInput(
                    path, $"row {Position + row}", $"expected dimension {layout.Columns}, that of the first row; found {columns}.");
            }
            stored[sizeof(int)..].CopyTo(_buffer.AsSpan(row * bodySizeInBytes));
        }
    }
}
