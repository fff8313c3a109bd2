using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>The machine's files, never flushed to the device: for tests of what is written, not of power cuts.</summary>
internal sealed class UnflushedFiles : IFileSystem
{
    private readonly PhysicalFileSystem _files = PhysicalFileSystem.Instance;

    public bool FileExists(string path) => _files.FileExists(path);

    public bool IsRegularFile(string path) => _files.IsRegularFile(path);

    public bool DirectoryExists(string path) => _files.DirectoryExists(path);

    public IReadOnlyList<string> ListFiles(string directory, string pattern) => _files.ListFiles(directory, pattern);

    public IReadOnlyList<string> ListDirectories(string directory) => _files.ListDirectories(directory);

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public Stream OpenRead(string path) => _files.OpenRead(path);

    public Stream Create(string path) => _files.Create(path);

    public Stream OpenWrite(string path) => _files.OpenWrite(path);

    public void Flush(Stream stream) => stream.Flush();

    public void Replace(string source, string target) => _files.Replace(source, target);

    public void RenameDirectory(string source, string target) => _files.RenameDirectory(source, target);

    public void Delete(string path) => _files.Delete(path);

    public bool IsDevice(string path) => _files.IsDevice(path);

    public FileMapping Map(string path) => _files.Map(path);

    public IAppendFile OpenAppend(string path) => new UnflushedAppendFile(_files.OpenAppend(path));

    public void FlushDirectory(string path)
    {
    }

    public void DeleteDirectory(string path) => _files.DeleteDirectory(path);

    public IDisposable Lock(string path) => _files.Lock(path);

    public IDisposable LockToRead(string path) => _files.LockToRead(path);

    public bool IsWritable(string directory) => _files.IsWritable(directory);

    private sealed class UnflushedAppendFile(IAppendFile file) : IAppendFile
    {
        public long Length => file.Length;

        public void Append(ReadOnlySpan<byte> bytes) => file.Append(bytes);

        public void Flush()
        {
        }

        public void Truncate(long length) => file.Truncate(length);

        public void Dispose() => file.Dispose();
    }
}
