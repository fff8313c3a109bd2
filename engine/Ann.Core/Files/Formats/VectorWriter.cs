using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Writes a vector file row by row. Created by <see cref="VectorFile.CreateWriter"/>; nothing appears before <see cref="Commit"/>.
/// </summary>
/// <param name="file">The target; owned from here on.</param>
/// <param name="rows">Rows that will be written.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="pack">Makes of the target's stream one that packs, and leaves that one open; null for none.</param>
internal abstract class VectorWriter(AtomicFile file, long rows, int dimension, Func<Stream, Stream>? pack = null) : IDisposable
{
    private readonly Stream _stream = pack is null ? file.Stream : pack(file.Stream);
    private bool _isEnded;

    /// <summary>Components of a row.</summary>
    public int Dimension => dimension;

    /// <summary>Rows written so far.</summary>
    public long Written { get; private set; }

    private protected Stream Stream => _stream;

    /// <summary>Appends rows.</summary>
    /// <param name="vectors">Row-major; a whole number of rows.</param>
    /// <param name="attributes">Attributes of these rows; null for none. Only <c>.jsonl</c> has room for them.</param>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    /// <exception cref="AnnException">InvalidArgument: an attribute has the name of another member.</exception>
    public void Write(ReadOnlySpan<float> vectors, AttributeBatch? attributes = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vectors.Length % dimension, 0, nameof(vectors));
        WriteRows(vectors, attributes);
        Written += vectors.Length / dimension;
    }

    /// <summary>Hands every byte to the device, so that a full disk shows before <see cref="Commit"/>. No row may follow.</summary>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    public void Flush()
    {
        if (!_isEnded && _stream != file.Stream)
            _stream.Dispose();
        _isEnded = true;
        file.Stream.Flush();
    }

    /// <summary>Makes the file appear under its name.</summary>
    /// <exception cref="IOException">The device refused the bytes; the target is unchanged.</exception>
    public void Commit()
    {
        if (Written != rows)
            throw new InvalidOperationException($"{file.Path}: {rows} rows were promised and {Written} written.");
        if (!_isEnded)
            Flush();
        file.Commit();
    }

    /// <summary>Removes what was written, unless it was committed.</summary>
    public virtual void Dispose()
    {
        try
        {
            if (!_isEnded && _stream != file.Stream)
                _stream.Dispose();
        }
        catch (IOException)
        {
            // On a full disk what is packed last does not fit either, and all is thrown away.
        }
        file.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract void WriteRows(ReadOnlySpan<float> vectors, AttributeBatch? attributes);
}
