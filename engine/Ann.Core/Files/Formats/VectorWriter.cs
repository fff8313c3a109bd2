using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Writes a vector file row by row. Created by <see cref="VectorFile.CreateWriter"/>; nothing appears before <see cref="Commit"/>.
/// </summary>
internal abstract class VectorWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly long _rows;

    private protected VectorWriter(AtomicFile file, long rows, int dimension)
    {
        _file = file;
        _rows = rows;
        Dimension = dimension;
    }

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>Rows written so far.</summary>
    public long Written { get; private set; }

    private protected Stream Stream => _file.Stream;

    /// <summary>Appends rows.</summary>
    /// <param name="rows">Row-major; a whole number of rows.</param>
    /// <param name="attributes">Attributes of these rows; null for none. Only <c>.jsonl</c> has room for them.</param>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    /// <exception cref="AnnException">InvalidArgument: an attribute has the name of another member.</exception>
    public void Write(ReadOnlySpan<float> rows, AttributeBatch? attributes = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Length % Dimension, 0, nameof(rows));
        WriteRows(rows, attributes);
        Written += rows.Length / Dimension;
    }

    /// <summary>Hands every byte to the device, so that a full disk shows before <see cref="Commit"/>.</summary>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    public void Flush() => Stream.Flush();

    /// <summary>Makes the file appear under its name.</summary>
    /// <exception cref="IOException">The device refused the bytes; the target is unchanged.</exception>
    public void Commit()
    {
        if (Written != _rows)
            throw new InvalidOperationException($"{_file.Path}: {_rows} rows were promised and {Written} written.");
        _file.Commit();
    }

    /// <summary>Removes what was written, unless it was committed.</summary>
    public virtual void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract void WriteRows(ReadOnlySpan<float> rows, AttributeBatch? attributes);
}
