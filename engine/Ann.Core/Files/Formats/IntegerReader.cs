using System.Diagnostics;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Rows of whole numbers, streamed in order: the true neighbours of queries (<c>ibin</c>, <c>ivecs</c>) and the inputs of encoders that
/// take item numbers (<c>npy</c>). Opened by <see cref="VectorFile.OpenIntegers"/>.
/// </summary>
internal sealed class IntegerReader : IDisposable
{
    private readonly RowStream _rows;

    /// <param name="rows">Owned from here on. Its elements are whole numbers.</param>
    internal IntegerReader(RowStream rows)
    {
        Debug.Assert(rows.Layout.Element.IsInteger());
        _rows = rows;
    }

    /// <summary>The file.</summary>
    public string Path => _rows.Path;

    /// <summary>Rows of the file, 1 or more.</summary>
    public long Count => _rows.Layout.Rows;

    /// <summary>Numbers of a row, 1 to 65,536. A one-dimensional array has 1.</summary>
    public int Columns => _rows.Layout.Columns;

    /// <summary>Reads the next rows.</summary>
    /// <param name="destination">Row-major; room for one row or more.</param>
    /// <returns>Rows read, at least one until the end; then 0.</returns>
    /// <exception cref="AnnException">InvalidArgument: a number of 2^63 or more, or a file that became shorter.</exception>
    public int ReadRows(Span<long> destination)
    {
        int wanted = destination.Length / Columns;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        ElementType element = _rows.Layout.Element;
        int done = 0;
        while (done < wanted)
        {
            long first = _rows.Position;
            ReadOnlySpan<byte> stored = _rows.Read(wanted - done);
            if (stored.IsEmpty)
                break;
            int numbers = stored.Length / element.SizeInBytes();
            if (!element.ToIntegers(stored, destination.Slice(done * Columns, numbers)))
                throw AnnException.BadInput(Path, $"rows {first} to {_rows.Position - 1}", "a number is 2^63 or more.");
            done += numbers / Columns;
        }
        return done;
    }

    public void Dispose() => _rows.Dispose();
}
