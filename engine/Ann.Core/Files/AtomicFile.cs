namespace Ann.Core.Files;

/// <summary>
/// An output that appears under its name only when it is whole: written beside the target, flushed to the device, then renamed over it, and
/// the directory flushed: once <see cref="Commit"/> returned it survives a power cut.
/// Disposing without <see cref="Commit"/> leaves the target as it was. A device (<c>/dev/stdout</c>) is written directly.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _written;
    private bool _open = true;

    /// <param name="files">Where to write.</param>
    /// <param name="path">The target. Its directory must exist.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the directory is missing or may not be written.</exception>
    public AtomicFile(IFileSystem files, string path)
    {
        _files = files;
        Path = path;
        IsDevice = files.IsDevice(path);
        _written = IsDevice ? path : $"{path}.{Environment.ProcessId}.partial";
        try
        {
            Stream = files.Create(_written);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException or FileNotFoundException)
        {
            throw AnnException.BadInput(path, "", "cannot be written: " + e.Message, e);
        }
    }

    /// <summary>The target.</summary>
    public string Path { get; }

    /// <summary>True when the target is a device: bytes reach it as they are written.</summary>
    public bool IsDevice { get; }

    /// <summary>Where the content goes. Owned by this object.</summary>
    public Stream Stream { get; }

    /// <summary>Makes the content the target's. After this the object only needs disposing.</summary>
    /// <exception cref="IOException">
    /// The device refused the bytes, and the target is unchanged; or it refused to flush the directory, and after a power cut the target
    /// may be what it was before.
    /// </exception>
    public void Commit()
    {
        _files.Flush(Stream);
        Stream.Dispose();
        if (!IsDevice)
            _files.Replace(_written, Path);
        _open = false;
        if (!IsDevice)
            _files.FlushDirectory(System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } directory ? directory : ".");
    }

    public void Dispose()
    {
        if (!_open)
            return;
        _open = false;
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // Disposing writes the last buffer; on a full disk that fails again, and the content is being thrown away.
        }
        if (!IsDevice)
            _files.Delete(_written);
    }
}
