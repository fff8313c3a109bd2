using System.Buffers.Binary;
using System.Security.Cryptography;
using Ann.Core.Files;
using Ann.Core.Log;
using Ann.Core.Segments;

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
    private readonly Func<ulong> _salts;
    private IDisposable? _lock;
    private SetLogHeader? _header;
    private WalOutput? _output;
    private AnnException? _broken;

    private SetLog(ItemSetsHome home)
    {
        _files = home.Files;
        _directory = home.Directory;
        _path = Path.Combine(home.Directory, FileName);
        _kind = home.KeyKind;
        _locks = home.Locks;
        _salts = home.Salts ?? DrawSalt;
    }

    /// <summary>Bytes of the file that count; 0 when there is none.</summary>
    public long Length => _output?.Length ?? 0;

    /// <summary>Bytes of it that survive a power cut.</summary>
    public long FlushedBytes => _output?.FlushedBytes ?? SetLogHeader.Size;

    /// <summary>Seeds the hashes of the records that come next.</summary>
    public ulong Salt => (_header ??= new SetLogHeader(_kind, SetLogHeader.Size, _salts())).Salt;

    /// <summary>Why nothing can be written any more; null while it can.</summary>
    public AnnException? Broken => _broken;

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
        _output ??= Begin();
        try
        {
            _output.Append(records);
        }
        catch (IOException e)
        {
            throw DiskFull(e);
        }
        BreakOnFailure(_output.Flush);
    }

    /// <summary>Puts a new file in the place of the old one, in one step.</summary>
    /// <param name="length">Bytes of its records, exactly.</param>
    /// <param name="write">Writes them; is given the salt.</param>
    /// <exception cref="AnnException">Overloaded: the disk is full; the old file goes on. Unavailable: as above.</exception>
    public void Rewrite(long length, Action<Stream, ulong> write)
    {
        ThrowIfBroken();
        SetLogHeader header = new(_kind, SetLogHeader.Size + length, _salts());
        using AtomicFile file = Beside();
        try
        {
            file.Stream.Write(header.ToBytes());
            write(file.Stream, header.Salt);
            _files.Flush(file.Stream);
        }
        catch (IOException e)
        {
            throw DiskFull(e);
        }
        // From here on a failure leaves it open which of the two files a power cut leaves.
        BreakOnFailure(() =>
        {
            file.Commit();
            _output?.Dispose();
            _output = null;
            _output = WalOutput.Reopen(_files, _path, header.WholeBytes);
        });
        _header = header;
    }

    /// <summary>Refuses when nothing can be written any more.</summary>
    public void ThrowIfBroken()
    {
        if (_broken is not null)
            throw new AnnException(_broken.Error, _broken.Message, _broken);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _output?.Dispose();
        _lock?.Dispose();
    }

    private static ulong DrawSalt()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private void Read(Action<SetRecordHead, string, KeyColumn> apply)
    {
        TakeLock();
        foreach (string abandoned in _files.ListFiles(_directory, FileName + ".*.partial"))
            _files.Delete(abandoned);
        if (!_files.FileExists(_path))
            return;
        long length;
        using (SetLogReader reader = new(_files, _path, _kind))
            _header = reader.Read(apply, out length);
        if (_header is not null)
            _output = WalOutput.Reopen(_files, _path, length);
    }

    private void TakeLock()
    {
        if (_locks)
            _lock ??= _files.Lock(Path.Combine(_directory, LockFile));
    }

    private AtomicFile Beside()
    {
        try
        {
            return new AtomicFile(_files, _path);
        }
        catch (IOException e)
        {
            throw DiskFull(e);
        }
    }

    /// <summary>Makes the file, with its header on disk before a record follows.</summary>
    private WalOutput Begin()
    {
        WalOutput output;
        try
        {
            if (!_files.DirectoryExists(_directory))
            {
                _files.CreateDirectory(_directory);
                FlushNames(_directory);
                TakeLock();
                if (_files.FileExists(_path))
                    throw new AnnException(AnnError.Unavailable, $"{_path}: another process made it. Restart to read it.");
            }
            _ = Salt; // makes the header
            output = WalOutput.Begin(_files, _path, _header!.ToBytes());
        }
        catch (IOException e)
        {
            throw DiskFull(e); // the beginning of a file counts as none
        }
        BreakOnFailure(() =>
        {
            output.Flush();
            _files.FlushDirectory(_directory);
        });
        return output;
    }

    /// <summary>A directory survives a power cut when the one that names it was flushed; that one may be new, too.</summary>
    private void FlushNames(string directory)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(directory)) is not { } parent)
            return;
        _files.FlushDirectory(parent);
        if (Path.GetDirectoryName(parent) is { } above)
            _files.FlushDirectory(above);
    }

    private AnnException DiskFull(IOException e) =>
        new(AnnError.Overloaded, $"{_path}: disk full, or it refuses writes; nothing was written: {e.Message}", e) { Field = "disk" };

    private void BreakOnFailure(Action action)
    {
        try
        {
            action();
        }
        catch (IOException e)
        {
            _broken = new AnnException(
                AnnError.Unavailable, $"{_path}: the device failed; item sets take nothing until they are opened again: {e.Message}", e);
            throw _broken;
        }
    }
}
