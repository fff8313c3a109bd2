using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>Files in memory, on a disk that can be made small.</summary>
internal sealed class MemoryFileSystem : IFileSystem
{
    public Dictionary<string, byte[]> Content { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes that may be written before the disk is full.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    public bool FileExists(string path) => Content.ContainsKey(path);

    public bool IsRegularFile(string path) => FileExists(path);

    public bool DirectoryExists(string path) => true;

    public IReadOnlyList<string> ListFiles(string directory, string pattern) =>
        [.. Content.Keys.Where(path => path.EndsWith(pattern.TrimStart('*'), StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public void CreateDirectory(string path)
    {
    }

    public Stream OpenRead(string path) => new MemoryStream(Find(path), writable: false);

    public Stream Create(string path)
    {
        Content[path] = [];
        return new LimitedStream(this, path);
    }

    public Stream OpenWrite(string path) => throw new NotSupportedException();

    public void Flush(Stream stream) => stream.Flush();

    public void Replace(string source, string target)
    {
        Content[target] = Find(source);
        Content.Remove(source);
    }

    public void RenameDirectory(string source, string target) => throw new NotSupportedException();

    public void Delete(string path) => Content.Remove(path);

    public bool IsDevice(string path) => false;

    public unsafe FileMapping Map(string path)
    {
        byte[] bytes = Find(path);
        NativeBlock block = new(bytes.Length);
        bytes.CopyTo(new Span<byte>(block.Start, bytes.Length));
        return new FileMapping(block);
    }

    public IReadOnlyList<string> ListDirectories(string directory) =>
        [.. Content.Keys.Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal))
            .Select(path => path[(directory.Length + 1)..]).Where(rest => rest.Contains('/', StringComparison.Ordinal))
            .Select(rest => directory + "/" + rest[..rest.IndexOf('/', StringComparison.Ordinal)])
            .Distinct().Order(StringComparer.Ordinal)];

    public IAppendFile OpenAppend(string path) => throw new NotSupportedException();

    public void FlushDirectory(string path)
    {
    }

    public void DeleteDirectory(string path)
    {
    }

    public IDisposable Lock(string path) => throw new NotSupportedException();

    public IDisposable LockToRead(string path) => throw new NotSupportedException();

    public bool IsWritable(string directory) => true;

    private byte[] Find(string path) => Content.TryGetValue(path, out byte[]? bytes)
        ? bytes
        : throw new AnnException(AnnError.NotFound, $"{path}: no such file.");

    private sealed class LimitedStream(MemoryFileSystem owner, string path) : MemoryStream
    {
        private const int DiskFull = unchecked((int)0x80070070);

        // A derived MemoryStream sends spans here too.
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (count > owner.FreeBytes)
                throw new IOException("No space left on device", DiskFull);
            owner.FreeBytes -= count;
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            if (owner.Content.ContainsKey(path))
                owner.Content[path] = ToArray();
            base.Dispose(disposing);
        }
    }
}
