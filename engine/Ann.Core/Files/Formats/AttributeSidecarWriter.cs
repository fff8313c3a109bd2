using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>Writes an <see cref="AttributeSidecar"/> row by row. It appears whole at <see cref="Commit"/>, or not at all.</summary>
internal sealed class AttributeSidecarWriter : IDisposable
{
    private const string NoHash = "0000000000000000";

    private readonly AtomicFile _file;
    private readonly AttributeSchema _schema;
    private readonly long _rows;
    private readonly JsonLines _lines = new();
    private readonly long _hashAt = -1;
    private long _written;

    /// <summary>Writes the header.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The sidecar itself.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="schema">Their attributes.</param>
    /// <exception cref="AnnException">InvalidArgument: the directory is missing or may not be written.</exception>
    public AttributeSidecarWriter(IFileSystem files, string path, long rows, AttributeSchema schema)
    {
        _schema = schema;
        _rows = rows;
        _file = new AtomicFile(files, path);
        try
        {
            // The hash is known when all rows are: its place is kept, and filled at the end.
            _hashAt = WriteHeader(_file.Stream.CanSeek);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Appends the attributes of rows.</summary>
    /// <param name="items">Of the same schema.</param>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    public void Write(AttributeBatch items)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(items.Schema.Equals(_schema), true, nameof(items));
        for (int item = 0; item < items.Count; item++)
        {
            AttributeJson.WriteMembers(_lines.Begin(), items, item);
            _lines.End(_file.Stream);
        }
        _written += items.Count;
    }

    /// <summary>Makes the sidecar appear under its name.</summary>
    /// <param name="rowsHash">XxHash3 of the float32 rows, 16 hex digits.</param>
    /// <exception cref="IOException">The device refused the bytes; the target is unchanged.</exception>
    public void Commit(string rowsHash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rowsHash.Length, NoHash.Length, nameof(rowsHash));
        if (_written != _rows)
            throw new InvalidOperationException($"{_file.Path}: {_rows} rows were promised and {_written} written.");
        if (_hashAt >= 0)
        {
            _file.Stream.Position = _hashAt;
            _file.Stream.Write(Encoding.ASCII.GetBytes(rowsHash));
        }
        _file.Commit();
    }

    /// <summary>Removes what was written, unless it was committed.</summary>
    public void Dispose()
    {
        _lines.Dispose();
        _file.Dispose();
    }

    private long WriteHeader(bool withHash)
    {
        byte[] line = AttributeSidecar.HeaderLine(_rows, withHash ? NoHash : null, _schema);
        long hashAt = withHash ? line.AsSpan().IndexOf(Encoding.ASCII.GetBytes(NoHash)) : -1;
        _file.Stream.Write(line);
        _file.Stream.WriteByte((byte)'\n');
        return hashAt;
    }
}
