using Ann.Core.Files;

namespace Ann.Tool;

/// <summary>
/// A file system whose failures name the file that the user named. The platform's own message for a full disk may name the partial file,
/// or none at all.
/// </summary>
internal sealed class NamingFileSystem(IFileSystem files) : IFileSystem
{
    private static readonly string PartialSuffix = $".{Environment.ProcessId}.partial";

    /// <inheritdoc/>
    public bool FileExists(string path) => files.FileExists(path);

    public bool IsRegularFile(string path) => files.IsRegularFile(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory, string pattern) => files.ListFiles(directory, pattern);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => files.CreateDirectory(path);

    /// <inheritdoc/>
    public Stream OpenRead(string path) => files.OpenRead(path);

    /// <inheritdoc/>
    public Stream Create(string path) => new NamedStream(files.Create(path), Target(path));

    /// <inheritdoc/>
    public Stream OpenWrite(string path) => new NamedStream(files.OpenWrite(path), Target(path));

    /// <inheritdoc/>
    public void Flush(Stream stream)
    {
        NamedStream named = (NamedStream)stream;
        named.Naming(() => files.Flush(named.Inner));
    }

    /// <inheritdoc/>
    public void Replace(string source, string target) => files.Replace(source, target);

    /// <inheritdoc/>
    public void RenameDirectory(string source, string target) => files.RenameDirectory(source, target);

    /// <inheritdoc/>
    public void Delete(string path) => files.Delete(path);

    /// <inheritdoc/>
    public bool IsDevice(string path) => files.IsDevice(path);

    /// <inheritdoc/>
    public FileMapping Map(string path) => files.Map(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) => files.ListDirectories(directory);

    /// <inheritdoc/>
    public IAppendFile OpenAppend(string path) => files.OpenAppend(path);

    /// <inheritdoc/>
    public void FlushDirectory(string path) => files.FlushDirectory(path);

    /// <inheritdoc/>
    public void DeleteDirectory(string path) => files.DeleteDirectory(path);

    /// <inheritdoc/>
    public IDisposable Lock(string path) => files.Lock(path);

    public IDisposable LockToRead(string path) => files.LockToRead(path);

    public bool IsWritable(string directory) => files.IsWritable(directory);

    private static string Target(string path) =>
        path.EndsWith(PartialSuffix, StringComparison.Ordinal) ? path[..^PartialSuffix.Length] : path;

    /// <summary>Writes through to another stream.</summary>
    private sealed class NamedStream(Stream inner, string path) : Stream
    {
        public Stream Inner => inner;

        public override bool CanRead => false;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public void Naming(Action write)
        {
            try
            {
                write();
            }
            catch (IOException e)
            {
                // The platform ends its message with the path that it knows: "No space left on device : '/data/x.npy.17.partial'".
                int place = e.Message.IndexOf(" : '", StringComparison.Ordinal);
                throw new IOException($"{path}: cannot be written: {(place < 0 ? e.Message : e.Message[..place])}", e);
            }
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                inner.Write(buffer);
            }
            catch (IOException e)
            {
                Naming(() => throw e);
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void WriteByte(byte value) => Write([value]);

        public override void Flush() => Naming(inner.Flush);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void SetLength(long value) => Naming(() => inner.SetLength(value));

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                Naming(inner.Dispose);
            base.Dispose(disposing);
        }
    }
}
