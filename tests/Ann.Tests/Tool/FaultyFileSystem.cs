using Ann.Core.Files;

namespace Ann.Tests.Tool;

/// <summary>The machine's files on a disk that is full after some bytes.</summary>
internal sealed class FaultyFileSystem(long freeBytes) : IFileSystem
{
    private const int DiskFull = unchecked((int)0x80070070);

    private long _free = freeBytes;

    /// <summary>Runs at every write, before it.</summary>
    public Action? Writing { get; init; }

    private static PhysicalFileSystem Physical => PhysicalFileSystem.Instance;

    public bool FileExists(string path) => Physical.FileExists(path);

    public bool IsRegularFile(string path) => Physical.IsRegularFile(path);

    public bool DirectoryExists(string path) => Physical.DirectoryExists(path);

    public IReadOnlyList<string> ListFiles(string directory, string pattern) => Physical.ListFiles(directory, pattern);

    public void CreateDirectory(string path) => Physical.CreateDirectory(path);

    public Stream OpenRead(string path) => Physical.OpenRead(path);

    public Stream Create(string path) => new LimitedStream(this, Physical.Create(path));

    public Stream OpenWrite(string path) => new LimitedStream(this, Physical.OpenWrite(path));

    public void Flush(Stream stream) => stream.Flush();

    public void Replace(string source, string target) => Physical.Replace(source, target);

    public void RenameDirectory(string source, string target) => Physical.RenameDirectory(source, target);

    public void Delete(string path) => Physical.Delete(path);

    public bool IsDevice(string path) => Physical.IsDevice(path);

    public FileMapping Map(string path) => Physical.Map(path);

    public IReadOnlyList<string> ListDirectories(string directory) => Physical.ListDirectories(directory);

    public IAppendFile OpenAppend(string path) => Physical.OpenAppend(path);

    public void FlushDirectory(string path) => Physical.FlushDirectory(path);

    public void DeleteDirectory(string path) => Physical.DeleteDirectory(path);

    public IDisposable Lock(string path) => Physical.Lock(path);

    public IDisposable LockToRead(string path) => Physical.LockToRead(path);

    public bool IsWritable(string directory) => Physical.IsWritable(directory);

    private sealed class LimitedStream(FaultyFileSystem disk, Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            disk.Writing?.Invoke();
            disk._free -= buffer.Length;
            if (disk._free < 0)
                throw new IOException("No space left on device", DiskFull);
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void SetLength(long value) => inner.SetLength(value);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
