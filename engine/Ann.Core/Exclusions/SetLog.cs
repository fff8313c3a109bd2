using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Records;

namespace Ann.Core.Exclusions;

/// <summary>
/// The file of an index's item sets: records only at its end, each batch flushed before it is acknowledged; and now and then written anew,
/// without what no longer counts. One writer. There is no file before the first record.
/// </summary>
internal sealed class SetLog : IDisposable
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "sets.log";

    private const string LockFile = "LOCK";

    /// <summary>The file, and what a crash leaves of one that was to take its place.</summary>
    public const string Pattern = FileName + "*";

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly string _path;
    private readonly KeyKind _kind;
    private readonly bool _locks;
    private readonly bool _isReadOnly;
    private readonly Func<ulong> _salts;
    private readonly RecordAppender _appender;
    private IDisposable? _lock;
    private SetLogHeader? _header;

    private SetLog(ItemSetsHome home)
    {
        _files = home.Files;
        _directory = home.Directory;
        _path = Path.Combine(home.Directory, FileName);
        _kind = home.KeyKind;
        _locks = home.Locks && !home.IsReadOnly;
        _isReadOnly = home.IsReadOnly;
        _salts = home.Salts ?? RecordFormat.DrawSalt;
        _appender = new RecordAppender(home.Files, SetLogHeader.Format)
        {
            Refusal = home.IsReadOnly
                ? AnnException.Refused("index", $"The item sets of index '{home.Index}' cannot be changed: their directory is read-only.")
                : null,
        };
    }

    /// <summary>Bytes of the file that count; 0 when there is none.</summary>
    public long Length => _appender.Length;

    /// <summary>Bytes of it that survive a power cut.</summary>
    public long FlushedBytes => _appender.FlushedBytes;

    /// <summary>Seeds the hashes of the records that come next.</summary>
    public ulong Salt => (_header ??= new SetLogHeader(_kind, SetLogHeader.Size, _salts())).Salt;

    /// <summary>Why nothing can be written any more; null while it can.</summary>
    public AnnException? Broken => _appender.Broken;

    /// <summary>Reads the file, cuts a torn tail, and makes what is left survive a power cut.</summary>
    /// <param name="home">Where it is, and of what index.</param>
    /// <param name="apply">Is given each record.</param>
    /// <exception cref="AnnException">
    /// Corrupt: names file and byte. InvalidArgument: of another version. FailedPrecondition: another process has it. Unavailable.
    /// </exception>
    public static SetLog Open(ItemSetsHome home, Action<SetRecordHead, string, KeyColumn> apply)
    {
        SetLog log = new(home);
        if (!home.Files.DirectoryExists(home.Directory))
            return log;
        try
        {
            log.Read(apply);
            return log;
        }
        catch (Exception e)
        {
            log.Dispose();
            if (e is IOException failed)
                throw new AnnException(AnnError.Unavailable, $"{log._path}: the item sets cannot be opened: {e.Message}", failed);
            throw;
        }
    }

    /// <summary>Writes records at the end, and makes them survive a power cut.</summary>
    /// <exception cref="AnnException">
    /// Overloaded: the disk is full; nothing was written, and a later call may succeed. Unavailable: the device failed, and nobody knows
    /// what is on it: this and every later call fails.
    /// </exception>
    public void Append(ReadOnlySpan<byte> records)
    {
        ThrowIfBroken();
        if (!_appender.HasFile)
            Begin();
        _appender.Append(records);
        _appender.Flush();
    }

    /// <summary>Puts a new file in the place of the old one, in one step.</summary>
    /// <param name="length">Bytes of its records, exactly.</param>
    /// <param name="write">Writes them; is given the salt.</param>
    /// <exception cref="AnnException">Overloaded: the disk is full; the old file goes on. Unavailable: as above.</exception>
    public void Rewrite(long length, Action<Stream, ulong> write)
    {
        ThrowIfBroken();
        SetLogHeader header = new(_kind, SetLogHeader.Size + length, _salts());
        try
        {
            using AtomicFile file = new(_files, _path);
            file.Stream.Write(header.ToBytes());
            write(file.Stream, header.Salt);
            _files.Flush(file.Stream);
            // From here on a failure leaves it open which of the two files a power cut leaves.
            _appender.BreakOnFailure(_path, () =>
            {
                file.Commit();
                _appender.Reopen(_path, header.WholeBytes);
            });
        }
        catch (IOException e)
        {
            throw RecordAppender.DiskFull(_path, e);
        }
        _header = header;
    }

    /// <summary>Refuses when nothing can be written any more.</summary>
    public void ThrowIfBroken() => _appender.ThrowIfBroken();

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _appender.Dispose();
        _lock?.Dispose();
    }

    private void Read(Action<SetRecordHead, string, KeyColumn> apply)
    {
        TakeLock();
        foreach (string abandoned in _files.ListFiles(_directory, FileName + ".*.partial"))
            if (!_isReadOnly)
                _files.Delete(abandoned);
        if (!_files.FileExists(_path))
            return;
        long length;
        using (RecordReader reader = new(_files, _path, SetLogHeader.Format))
        {
            byte[] start = reader.ReadHeader();
            if (reader.NeverHadRecord && !SetLogHeader.Format.IsWholeHeader(start))
                return; // the beginning of a file counts as none
            _header = SetLogHeader.Read(_path, start, reader.Length, _kind);
            reader.Begin(_header.Salt, new WholePart(
                _header.WholeBytes, $"the file was whole up to byte {_header.WholeBytes} when it was made"));
            Replay(reader, apply);
            length = reader.Offset;
        }
        if (!_isReadOnly)
            _appender.Reopen(_path, length);
    }

    private void Replay(RecordReader reader, Action<SetRecordHead, string, KeyColumn> apply)
    {
        while (reader.TryReadHead())
        {
            SetRecordHead head = SetRecordHead.Of(reader, _kind);
            if (!reader.TryReadBody(out ReadOnlySpan<byte> body))
                return;
            KeyColumn? keys = head.ReadKeys(body, _kind, out string name);
            apply(head, name, keys ?? throw reader.Corrupt("the lengths of the keys do not fit the record."));
            reader.Advance();
        }
    }

    private void TakeLock()
    {
        if (_locks)
            _lock ??= _files.Lock(Path.Combine(_directory, LockFile));
    }

    /// <summary>Makes the file, with its header on disk before a record follows.</summary>
    private void Begin()
    {
        bool isOurs = !_locks || _lock is not null;
        try
        {
            if (!_files.DirectoryExists(_directory))
            {
                _files.CreateDirectory(_directory);
                _appender.BreakOnFailure(_directory, FlushNames);
            }
            TakeLock();
        }
        catch (IOException e)
        {
            throw RecordAppender.DiskFull(_path, e);
        }
        if (!isOurs && _files.FileExists(_path))
        {
            // It was made before the lock was taken: what it holds was never read here, and must not be written over.
            _lock!.Dispose();
            _lock = null;
            throw new AnnException(AnnError.Unavailable, $"{_path}: another process made it. Restart to read it.");
        }
        _ = Salt; // makes the header
        _appender.Begin(_path, _header!.ToBytes());
    }

    /// <summary>A directory survives a power cut when the one that names it was flushed; that one may be new, too.</summary>
    private void FlushNames()
    {
        if (Path.GetDirectoryName(Path.GetFullPath(_directory)) is not { } parent)
            return;
        _files.FlushDirectory(parent);
        if (Path.GetDirectoryName(parent) is { } above)
            _files.FlushDirectory(above);
    }
}
