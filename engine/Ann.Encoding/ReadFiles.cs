using Ann.Core.Files;

namespace Ann.Encoding;

/// <summary>A file system to read from, which notes what was read.</summary>
internal sealed class ReadFiles(IFileSystem files) : IFileSystem
{
    private readonly SortedSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>Paths that were opened, each once, in ordinal order.</summary>
    public IReadOnlyCollection<string> Paths => _paths;

    public bool FileExists(string path) => files.FileExists(path);

    public bool IsRegularFile(string path) => files.IsRegularFile(path);

    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    public IReadOnlyList<string> ListFiles(string directory, string pattern) => files.ListFiles(directory, pattern);

    public IReadOnlyList<string> ListDirectories(string directory) => files.ListDirectories(directory);

    public Stream OpenRead(string path)
    {
        Stream stream = files.OpenRead(path);
        _paths.Add(path);
        return stream;
    }

    public FileMapping Map(string path)
    {
        FileMapping mapping = files.Map(path);
        _paths.Add(path);
        return mapping;
    }

    public bool IsDevice(string path) => files.IsDevice(path);

    public bool IsWritable(string directory) => false;

    public void CreateDirectory(string path) => throw Refused();

    public Stream Create(string path) => throw Refused();

    public Stream OpenWrite(string path) => throw Refused();

    public void Flush(Stream stream) => throw Refused();

    public void Replace(string source, string target) => throw Refused();

    public void RenameDirectory(string source, string target) => throw Refused();

    public void Delete(string path) => throw Refused();

    public IAppendFile OpenAppend(string path) => throw Refused();

    public void FlushDirectory(string path) => throw Refused();

    public void DeleteDirectory(string path) => throw Refused();

    public IDisposable Lock(string path) => throw Refused();

    public IDisposable LockToRead(string path) => throw Refused();

    private static NotSupportedException Refused() => new("It is for reading alone.");
}
