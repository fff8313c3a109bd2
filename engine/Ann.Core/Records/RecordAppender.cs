using Ann.Core.Files;

namespace Ann.Core.Records;

/// <summary>
/// The end of a log, where it grows: one file at a time. A full disk refuses what is appended and leaves the log as it was. A device that
/// fails to flush breaks it for good: the system may have dropped what was written, and no later flush can tell. One writer.
/// </summary>
internal sealed class RecordAppender(IFileSystem files, RecordFormat format) : IDisposable
{
    private RecordOutput? _output;
    private string _path = "";

    /// <summary>True when there is a file to append to.</summary>
    public bool HasFile => _output is not null;

    /// <summary>Bytes of the file that count; 0 when there is none.</summary>
    public long Length => _output?.Length ?? 0;

    /// <summary>Bytes of it that survive a power cut; before it is begun, those that will before its first record is written.</summary>
    public long FlushedBytes => _output?.FlushedBytes ?? format.HeaderBytes;

    /// <summary>Why nothing can be written any more; null while it can.</summary>
    public AnnException? Broken { get; private set; }

    /// <summary>Why nothing may be written; null when it may. Set once, before anything is.</summary>
    public AnnException? Refusal { get; set; }

    /// <summary>Makes a file that survives a power cut, and goes on in it; or makes none, and stays where it was.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">Its first bytes.</param>
    /// <param name="end">What ends the file before it, as soon as this one is on disk; null for nothing.</param>
    /// <exception cref="AnnException">Overloaded: the disk is full. Unavailable: nobody knows what is on disk: broken for good.</exception>
    public void Begin(string path, byte[] header, byte[]? end = null)
    {
        ThrowIfBroken();
        string directory = Path.GetDirectoryName(path)!;
        RecordOutput begun;
        try
        {
            begun = RecordOutput.Begin(files, path, header);
        }
        catch (IOException e)
        {
            // Were it to come back after a power cut, the log would have gone on without it.
            BreakOnFailure(path, () =>
            {
                files.Delete(path);
                files.FlushDirectory(directory);
            });
            throw DiskFull(path, e);
        }
        try
        {
            BreakOnFailure(path, () =>
            {
                begun.Flush();
                files.FlushDirectory(directory);
            });
            if (end is not null)
                EndFile(end, path);
        }
        catch
        {
            begun.Dispose();
            throw;
        }
        _output?.Dispose();
        (_output, _path) = (begun, path);
    }

    /// <summary>Ends the present file, since another one was begun; or takes that one back.</summary>
    private void EndFile(byte[] end, string begun)
    {
        try
        {
            _output!.Append(end);
        }
        catch (IOException e)
        {
            BreakOnFailure(begun, () =>
            {
                files.Delete(begun);
                files.FlushDirectory(Path.GetDirectoryName(begun)!);
            });
            throw DiskFull(_path, e);
        }
        BreakOnFailure(_path, _output.Flush);
    }

    /// <summary>Goes on in a file that was checked: cuts what is behind its last record, and flushes what was read.</summary>
    /// <exception cref="IOException">The device failed.</exception>
    public void Reopen(string path, long length)
    {
        _output?.Dispose();
        _output = null;
        (_output, _path) = (RecordOutput.Reopen(files, path, length), path);
    }

    /// <summary>Writes records at the end. <see cref="Flush"/> makes them survive a power cut.</summary>
    /// <exception cref="AnnException">
    /// Overloaded: the disk is full; nothing was appended, and a later call may succeed. Unavailable: broken for good.
    /// </exception>
    public void Append(ReadOnlySpan<byte> records)
    {
        ThrowIfBroken();
        try
        {
            _output!.Append(records);
        }
        catch (IOException e)
        {
            throw DiskFull(_path, e);
        }
    }

    /// <summary>Makes what was appended survive a power cut.</summary>
    /// <exception cref="AnnException">
    /// Unavailable: the device failed, and what was appended since the last flush may be lost: this and every later call fails.
    /// </exception>
    public void Flush()
    {
        ThrowIfBroken();
        BreakOnFailure(_path, _output!.Flush);
    }

    /// <summary>Does what leaves nobody knowing what is on disk when it fails: then the log is broken.</summary>
    /// <param name="path">The file or directory that an error names.</param>
    /// <param name="action">What may fail with an <see cref="IOException"/>.</param>
    /// <exception cref="AnnException">Unavailable: it failed.</exception>
    public void BreakOnFailure(string path, Action action)
    {
        try
        {
            action();
        }
        catch (IOException e)
        {
            Broken = new AnnException(
                AnnError.Unavailable,
                $"{path}: the device failed; nothing is written to {format.Name} until the index is opened again: {e.Message}", e);
            throw Broken;
        }
    }

    /// <summary>Refuses when nothing can be written any more.</summary>
    /// <exception cref="AnnException">What <see cref="Refusal"/> or <see cref="Broken"/> says.</exception>
    public void ThrowIfBroken()
    {
        if ((Refusal ?? Broken) is { } why)
            throw new AnnException(why.Error, why.Message, why);
    }

    /// <summary>Overloaded: a file took nothing of what was to be written to it.</summary>
    public static AnnException DiskFull(string path, IOException e) =>
        new(AnnError.Overloaded, $"{path}: disk full, or it refuses writes; nothing was written: {e.Message}", e) { Field = "disk" };

    /// <summary>Closes the file. Does not flush.</summary>
    public void Dispose() => _output?.Dispose();
}
