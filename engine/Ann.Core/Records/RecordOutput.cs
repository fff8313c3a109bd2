using Ann.Core.Files;

namespace Ann.Core.Records;

/// <summary>The file that a log grows in. Its own length is what counts: what a failed append left behind is cut before the next.</summary>
internal sealed class RecordOutput : IDisposable
{
    private readonly IAppendFile _file;
    private bool _mustCut;

    private RecordOutput(IAppendFile file, long length)
    {
        _file = file;
        Length = length;
        FlushedBytes = length;
    }

    /// <summary>Bytes that count.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes that survive a power cut.</summary>
    public long FlushedBytes { get; private set; }

    /// <summary>
    /// Makes a file with its header. It is there after a power cut only when it, and then its directory, was flushed.
    /// </summary>
    /// <exception cref="IOException">The disk is full: the file is there, but it is not whole.</exception>
    public static RecordOutput Begin(IFileSystem files, string path, byte[] header) => Open(files, path, output =>
    {
        if (output.Length > 0)
            output.Truncate(0); // the beginning of a file that never came to be
        output.Append(header);
        return new RecordOutput(output, header.Length) { FlushedBytes = 0 };
    });

    /// <summary>
    /// Opens a file that was checked, cuts what is behind its last record, and flushes: what was read may not be on disk yet.
    /// </summary>
    /// <exception cref="IOException">The device failed.</exception>
    public static RecordOutput Reopen(IFileSystem files, string path, long length) => Open(files, path, output =>
    {
        if (output.Length > length)
            output.Truncate(length);
        output.Flush();
        return new RecordOutput(output, length);
    });

    /// <summary>Writes at the end.</summary>
    /// <exception cref="IOException">Nothing of it counts, and it is cut off at once or before the next append.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        CutIfNeeded();
        _mustCut = true;
        try
        {
            _file.Append(bytes);
        }
        catch (IOException)
        {
            TryCut();
            throw;
        }
        _mustCut = false;
        Length += bytes.Length;
    }

    /// <summary>Makes what counts survive a power cut.</summary>
    /// <exception cref="IOException">It may be lost.</exception>
    public void Flush()
    {
        CutIfNeeded();
        if (FlushedBytes == Length)
            return;
        _file.Flush();
        FlushedBytes = Length;
    }

    public void Dispose() => _file.Dispose();

    private static RecordOutput Open(IFileSystem files, string path, Func<IAppendFile, RecordOutput> prepare)
    {
        IAppendFile output = files.OpenAppend(path);
        try
        {
            return prepare(output);
        }
        catch
        {
            output.Dispose();
            throw;
        }
    }

    private void CutIfNeeded()
    {
        if (!_mustCut)
            return;
        _file.Truncate(Length);
        _mustCut = false;
    }

    private void TryCut()
    {
        try
        {
            CutIfNeeded();
        }
        catch (IOException)
        {
            // The next append tries again; a reader stops at what counts, and recovery cuts a torn tail.
        }
    }
}
