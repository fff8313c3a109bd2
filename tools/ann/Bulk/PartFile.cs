using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Bulk;

/// <summary>
/// A file that grows beside its target until it takes its place: room for a header, which is known at the end, and content behind it.
/// What was made durable stays when the process ends.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private readonly IFileSystem _files;
    private readonly byte[] _room;
    private bool _isOpen = true;

    private PartFile(IFileSystem files, string path, Stream stream, byte[] room)
    {
        _files = files;
        Path = path;
        Stream = stream;
        _room = room;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>At its end, but while a header is written.</summary>
    public Stream Stream { get; }

    /// <summary>Bytes of the content.</summary>
    public long Length => Stream.Position - _room.Length;

    /// <summary>Begins a file anew.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">Its own path.</param>
    /// <param name="room">What stands in the place of the header until it is known; as long as that will be.</param>
    public static PartFile Begin(IFileSystem files, string path, byte[] room) =>
        Open(files, path, room, isNew: true, static (stream, header) =>
        {
            stream.SetLength(0);
            stream.Write(header);
        });

    /// <summary>Goes on with a file, behind what of it counts.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">Its own path.</param>
    /// <param name="room">As <see cref="Begin"/> was given it.</param>
    /// <param name="length">Bytes of content that count.</param>
    /// <exception cref="AnnException">InvalidArgument: it is gone, or shorter than that.</exception>
    public static PartFile Continue(IFileSystem files, string path, byte[] room, long length)
    {
        if (!files.FileExists(path))
            throw AnnException.BadInput(path, "", "it is gone; what it held cannot be gone on with.");
        return Open(files, path, room, isNew: false, (stream, header) =>
        {
            long end = header.Length + length;
            if (stream.Length < end)
                throw AnnException.BadInput(path, "", $"it holds {stream.Length} bytes; expected {end} or more.");
            stream.SetLength(end);
            stream.Position = end;
        });
    }

    /// <summary>Makes what was written survive a power cut.</summary>
    public void Flush() => _files.Flush(Stream);

    /// <summary>Writes the header.</summary>
    /// <param name="write">Writes as many bytes as there is room for.</param>
    public void WriteHeader(Action<Stream> write)
    {
        long end = Stream.Position;
        Stream.Position = 0;
        write(Stream);
        if (Stream.Position != _room.Length)
            throw new InvalidOperationException($"{Path}: the header takes {Stream.Position} bytes; there is room for {_room.Length}.");
        Stream.Position = end;
    }

    /// <summary>Puts the file in the place of its target, in one step. It must be flushed.</summary>
    public void MoveTo(string target)
    {
        Close();
        _files.Replace(Path, target);
    }

    /// <summary>Removes the file.</summary>
    public void Delete()
    {
        Close();
        _files.Delete(Path);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static PartFile Open(IFileSystem files, string path, byte[] room, bool isNew, Action<Stream, byte[]> prepare)
    {
        Stream stream;
        try
        {
            stream = files.OpenWrite(path);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw AnnException.BadInput(path, "", "cannot be written: " + e.Message, e);
        }
        try
        {
            prepare(stream, room);
            return new PartFile(files, path, stream, room);
        }
        catch
        {
            Dispose(stream);
            if (isNew)
                files.Delete(path);
            throw;
        }
    }

    private static void Dispose(Stream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // Disposing writes the last buffer; on a full disk that fails again, and none of it counts.
        }
    }

    private void Close()
    {
        if (!_isOpen)
            return;
        _isOpen = false;
        Dispose(Stream);
    }
}
