using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
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

    public bool FileExists(string path) => File.Exists(path);

    public bool IsRegularFile(string path) => File.Exists(path) && (UnixFiles.IsRegular(path) ?? true);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> ListFiles(string directory, string pattern)
    {
        string[] files = Directory.GetFiles(directory, pattern);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public Stream OpenRead(string path) =>
        Opening(path, static p => new FileStream(p, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.SequentialScan,
            BufferSize = BufferSizeInBytes,
        }));

    public Stream Create(string path) => new FileStream(path, new FileStreamOptions
    {
        // A device cannot be truncated; OpenOrCreate leaves it as it is.
        Mode = IsDevice(path) ? FileMode.Open : FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = BufferSizeInBytes,
    });

    public Stream OpenWrite(string path) => new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = BufferSizeInBytes,
    });

    public void Flush(Stream stream)
    {
        if (stream is FileStream { CanSeek: true } file)
            file.Flush(flushToDisk: true);
        else
            stream.Flush();
    }

    public void Replace(string source, string target) => File.Move(source, target, overwrite: true);

    public void RenameDirectory(string source, string target) => Directory.Move(source, target);

    public void Delete(string path) => File.Delete(path);

    public bool IsDevice(string path) => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal);

    public FileMapping Map(string path) => Opening(path, p =>
    {
        RegularFile.Require(this, p);
        FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        long length = stream.Length; // of what is opened: a symbolic link has a length of its own
        if (length == 0)
        {
            stream.Dispose();
            return new FileMapping(new Distances.NativeBlock(0));
        }
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        return new FileMapping(
            file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length, new FileReads(stream.SafeFileHandle, p));
    });

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        string[] directories = Directory.GetDirectories(directory);
        Array.Sort(directories, StringComparer.Ordinal);
        return directories;
    }

    public IAppendFile OpenAppend(string path) => Opening(path, static p => new PhysicalAppendFile(
        File.OpenHandle(p, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)));

    public void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // renames are journalled there, and directories cannot be flushed
        using SafeFileHandle directory = DirectoryFlush.Open(path);
        DirectoryFlush.Run(directory, path);
    }

    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: false);
    }

    public IDisposable Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotLocked(path, e);
        }
    }

    public IDisposable LockToRead(string path)
    {
        if (!IsRegularFile(path))
            return Stream.Null;
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return Stream.Null; // nobody who could write has made one, or it is not for us to hold
        }
        catch (IOException e)
        {
            throw NotLocked(path, e);
        }
    }

    public bool IsWritable(string directory) => UnixFiles.IsWritable(directory);

    private static AnnException NotLocked(string path, Exception e)
    {
        // EAGAIN of Linux, EWOULDBLOCK of macOS, a sharing or lock violation of Windows.
        bool isTaken = e is IOException && e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
        string why = isTaken ? "another process has the index open." : $"it cannot be taken as a lock: {e.Message}";
        return new AnnException(AnnError.FailedPrecondition, $"{path}: {why}", e);
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

/// <summary>A file of the machine that grows at its end. Nothing is buffered: what was appended is the system's.</summary>
internal sealed class PhysicalAppendFile(SafeFileHandle file) : IAppendFile
{
    private long _length = RandomAccess.GetLength(file);

    public long Length => _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, _length);
        _length += bytes.Length;
    }

    public void Flush() => RandomAccess.FlushToDisk(file);

    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, RandomAccess.GetLength(file));
        RandomAccess.SetLength(file, length);
        _length = length;
    }

    public void Dispose() => file.Dispose();
}

/// <summary>fsync of a directory, which the framework does not offer.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    public static SafeFileHandle Open(string path)
    {
        int descriptor = open(path, ReadOnly);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path}: the directory cannot be opened (error {Marshal.GetLastPInvokeError()}).");
    }

    public static void Run(SafeFileHandle directory, string path)
    {
        // EINVAL: this file system has no flush of directories, and nothing more can be done.
        if (fsync(directory) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            throw new IOException($"{path}: the directory cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
    }

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle file);
}
