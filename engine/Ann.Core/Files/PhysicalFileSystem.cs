using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Ann.Core.Files;

/// <summary>The machine's own files.</summary>
[SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "This is what IFileSystem stands for.")]
internal sealed class PhysicalFileSystem : IFileSystem
{
    private const int BufferSizeInBytes = 1 << 17;

    private PhysicalFileSystem()
    {
    }

    /// <summary>The one instance; it has no state.</summary>
    public static PhysicalFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory, string pattern)
    {
        string[] files = Directory.GetFiles(directory, pattern);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public Stream OpenRead(string path) =>
        Opening(path, static p => new FileStream(p, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.SequentialScan,
            BufferSize = BufferSizeInBytes,
        }));

    /// <inheritdoc/>
    public Stream Create(string path) => new FileStream(path, new FileStreamOptions
    {
        // A device cannot be truncated; OpenOrCreate leaves it as it is.
        Mode = IsDevice(path) ? FileMode.Open : FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = BufferSizeInBytes,
    });

    /// <inheritdoc/>
    public void Flush(Stream stream)
    {
        if (stream is FileStream { CanSeek: true } file)
            file.Flush(flushToDisk: true);
        else
            stream.Flush();
    }

    /// <inheritdoc/>
    public void Replace(string source, string target) => File.Move(source, target, overwrite: true);

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public bool IsDevice(string path) => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal);

    /// <inheritdoc/>
    public FileMapping Map(string path) => Opening(path, static p =>
    {
        FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        long length = stream.Length; // of what is opened: a symbolic link has a length of its own
        if (length == 0)
        {
            stream.Dispose();
            return new FileMapping(new Distances.NativeBlock(0));
        }
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        return new FileMapping(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
    });

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory)
    {
        string[] directories = Directory.GetDirectories(directory);
        Array.Sort(directories, StringComparer.Ordinal);
        return directories;
    }

    /// <inheritdoc/>
    public IAppendFile OpenAppend(string path) => Opening(path, static p => new PhysicalAppendFile(
        File.OpenHandle(p, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)));

    /// <inheritdoc/>
    public void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // renames are journalled there, and directories cannot be flushed
        using SafeFileHandle directory = DirectoryFlush.Open(path);
        DirectoryFlush.Run(directory, path);
    }

    /// <inheritdoc/>
    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: false);
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException e)
        {
            throw new AnnException(AnnError.FailedPrecondition, $"{path}: another process has the index open.", e);
        }
    }

    private static T Opening<T>(string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AnnException(AnnError.NotFound, $"{path}: no such file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            string why = Directory.Exists(path) ? "it is a directory; a file was expected." : "permission denied.";
            throw new AnnException(AnnError.NotFound, $"{path}: {why}", e);
        }
    }
}
