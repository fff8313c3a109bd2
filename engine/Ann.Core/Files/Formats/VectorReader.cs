using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Rows of a vector file, streamed in order. Opened by <see cref="VectorFile.OpenReader"/>.</summary>
internal abstract class VectorReader : IDisposable
{
    /// <summary>The file.</summary>
    public abstract string Path { get; }

    /// <summary>Rows of the file, 1 or more; known before the first is read.</summary>
    public abstract long Count { get; }

    /// <summary>Components of a row, 1 to 65,536.</summary>
    public abstract int Dimension { get; }

    /// <summary>What a careful person would like to know of the conversion, such as lost precision; null when nothing.</summary>
    public virtual string? Notice => null;

    /// <summary>Keys of the rows read so far, when the format carries keys; null when rows are only numbered.</summary>
    public virtual KeyColumn? Keys => null;

    /// <summary>Reads the next rows. Components may be NaN or infinite if the file says so: who uses them checks.</summary>
    /// <param name="destination">Row-major; room for one row or more. What is left over after the last whole row is not used.</param>
    /// <returns>Rows read, at least one until the end; then 0.</returns>
    /// <exception cref="AnnException">InvalidArgument: names the file, the row or line, and what is wrong.</exception>
    public abstract int ReadRows(Span<float> destination);

    /// <summary>
    /// Attributes of the rows read since the last call; null when none were asked for or the format carries none.
    /// </summary>
    public virtual AttributeBatch? TakeAttributes() => null;

    /// <summary>Where a row that has been read is in the file, for messages: <c>row 16</c>, or <c>line 17</c> of a text file.</summary>
    public virtual string Place(long row) => $"row {row}";

    /// <summary>Refuses a file in which two rows share a key. Call it when every row has been read.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the key and the places of both rows.</exception>
    public void RequireUniqueKeys() => Keys?.RequireUnique(Path, Place);

    public abstract void Dispose();
}
