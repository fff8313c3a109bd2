using Ann.Core.Files;
using Ann.Core.Records;

namespace Ann.Core.Log;

/// <summary>
/// The log of a live index: every write, in order, on disk before it is acknowledged. One writer; <see cref="Read"/>, <see cref="Files"/>
/// and the positions may be used from any thread.
/// </summary>
/// <remarks>
/// Order on disk: a file is flushed before the next one is begun; when that one is there, with its header, the file gets the record that
/// names it (<see cref="WalEnd"/>), flushed before the first record of the next. So only the last file can end torn, but for such a record
/// before a file without any; and where the last file names another, that one was lost. Files are deleted oldest first, each deletion
/// flushed before the next, and only when the manifest names a later one (<see cref="NewestFile"/>).
/// </remarks>
internal sealed class Wal : IDisposable
{
    private const int KeptBufferBytes = 64 << 20;
    private const int MaxAppendBytes = 2_000_000_000;

    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly WalShape _shape;
    private readonly Func<ulong> _salts;
    private readonly List<WalFile> _done;
    private readonly RecordAppender _appender;
    private WalFile _current;
    private byte[] _buffer = [];

    private Wal(IFileSystem files, string directory, WalShape shape, Func<ulong> salts, List<WalFile> done, WalFile current)
    {
        _appender = new RecordAppender(files, WalFileHeader.Format);
        _files = files;
        _directory = directory;
        _shape = shape;
        _salts = salts;
        _done = done;
        _current = current;
    }

    /// <summary>The first sequence still held; equal to <see cref="Next"/> when none is.</summary>
    public long First => Held()[0].First;

    /// <summary>The sequence that the next item gets.</summary>
    public long Next => Held()[^1].Next;

    /// <summary>Bytes of all files.</summary>
    public long SizeInBytes => Held().Sum(file => file.Length);

    /// <summary>The files and their lengths now, in order: what a copy needs. A file only grows; what it has now stays.</summary>
    public IReadOnlyList<(string Path, long Length)> Files => [.. Held().Select(file => (file.Path, file.Length))];

    /// <summary>Name of the file that takes the next record. Who writes it down can tell later that the log lost it.</summary>
    public string NewestFile => Path.GetFileName(Held()[^1].Path);

    /// <summary>Begins a log. Its first item gets <paramref name="firstSequence"/>.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="directory">Its directory, which exists.</param>
    /// <param name="shape">What its records hold.</param>
    /// <param name="firstSequence">1 or more.</param>
    /// <param name="salts">Makes the salt of a file; null draws them.</param>
    /// <exception cref="AnnException">
    /// AlreadyExists: the directory has a log. Overloaded: the disk is full. Unavailable: it fails.
    /// </exception>
    public static Wal Create(
        IFileSystem files, string directory, WalShape shape, long firstSequence, Func<ulong>? salts = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(firstSequence, 1);
        if (WalRecovery.FindFiles(files, directory) is [string path, ..])
            throw new AnnException(AnnError.AlreadyExists, $"{path}: the directory has a log already.");
        return Begin(files, directory, shape, firstSequence, salts ?? RecordFormat.DrawSalt);
    }

    /// <summary>Opens a log: checks every record, and cuts a torn tail of the last file. What it holds then is on disk.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="shape">What its records must hold.</param>
    /// <param name="minimalNextSequence">
    /// The sequence after the last one known to have been in the log. A log without files, or without records, begins there.
    /// </param>
    /// <param name="salts">Makes the salt of a file; null draws them.</param>
    /// <param name="newestFile">Name of the file that was the newest once; null when unknown, as in older manifests.</param>
    /// <exception cref="AnnException">
    /// Corrupt: damage, a gap, or a file that is missing; names file and byte. Unavailable: a file cannot be read or written.
    /// </exception>
    public static Wal Open(
        IFileSystem files, string directory, WalShape shape, long minimalNextSequence, Func<ulong>? salts = null,
        string? newestFile = null)
    {
        List<WalFile> found = Find(files, directory, shape, newestFile, ref minimalNextSequence, out List<string> leftovers);
        salts ??= RecordFormat.DrawSalt;
        try
        {
            foreach (string leftover in leftovers)
                Remove(files, directory, leftover);
            if (found.Count == 0)
                return Begin(files, directory, shape, minimalNextSequence, salts);
            WalFile last = found[^1];
            Wal wal = new(files, directory, shape, salts, found[..^1], last);
            if (found is [.., { NextSalt: not null } before, { IsEmpty: true }])
                RecordOutput.Reopen(files, before.Path, before.Length).Dispose(); // its last record may not be on disk yet
            wal._appender.Reopen(last.Path, last.Length);
            return wal;
        }
        catch (IOException e)
        {
            throw new AnnException(AnnError.Unavailable, $"{directory}: the log cannot be opened for writing: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="Open"/>, but nothing on disk changes, and nothing can be written.</summary>
    public static Wal OpenToRead(IFileSystem files, string directory, WalShape shape, long minimalNextSequence, string? newestFile)
    {
        List<WalFile> found = Find(files, directory, shape, newestFile, ref minimalNextSequence, out _);
        if (found.Count == 0)
            found.Add(NewFile(directory, shape, minimalNextSequence, static () => 0)); // without a record, so that nobody opens it
        Wal wal = new(files, directory, shape, static () => 0, found[..^1], found[^1]);
        wal._appender.Refusal = new AnnException(AnnError.FailedPrecondition, $"{directory}: the log was opened to be read only.");
        return wal;
    }

    /// <summary>Appends records with one write to the system. <see cref="Flush"/> makes them survive a power cut.</summary>
    /// <exception cref="AnnException">
    /// Overloaded: the disk is full; nothing was appended, and a later call may succeed. Unavailable: the log is broken for good.
    /// InvalidArgument: the records take more bytes than one can, or all together 2 GB.
    /// </exception>
    public void Append(IReadOnlyList<WalRecord> records)
    {
        _appender.ThrowIfBroken();
        if (records.Count == 0)
            return;
        WalFile file = _current;
        int bytes = 0;
        foreach (WalRecord record in records)
        {
            Check(record, file.Next);
            int size = WalRecordCodec.SizeOf(record, _shape);
            Reserve(bytes, size);
            WalRecordCodec.Encode(record, _shape, _appender.FlushedBytes, file.Header.Salt, _buffer.AsSpan(bytes, size));
            bytes += size;
            file = file.With(record.FirstSequence, record.LastSequence + 1, _current.Length + bytes);
        }

        _appender.Append(_buffer.AsSpan(0, bytes));
        lock (_gate)
            _current = file;
        if (_buffer.Length > KeptBufferBytes)
            _buffer = [];
    }

    /// <summary>Makes what was appended survive a power cut.</summary>
    /// <exception cref="AnnException">
    /// Unavailable: the device failed. What was appended since the last flush may be lost, and no later flush can tell, so the log takes
    /// nothing more: this and every later call fails.
    /// </exception>
    public void Flush() => _appender.Flush();

    /// <summary>Lets the next record begin a new file. Flushes. Does nothing when the current file has no item.</summary>
    /// <exception cref="AnnException">
    /// Overloaded: the disk is full; the log goes on in the old file. Unavailable: it is broken for good.
    /// </exception>
    public void Rotate()
    {
        _appender.ThrowIfBroken();
        if (_current.Next == _current.First)
            return;
        Flush();
        WalFile next = NewFile(_directory, _shape, _current.Next, _salts);
        byte[] end = WalEnd.ToBytes(_current, next.Header);
        _appender.Begin(next.Path, next.Header.ToBytes(), end);
        lock (_gate)
        {
            _done.Add(_current.EndedBefore(next.Header.Salt, _current.Length + end.Length));
            _current = next;
        }
    }

    /// <summary>Deletes whole files, oldest first, whose records all lie before a sequence. Never the current file.</summary>
    /// <param name="sequence">The first one that is still needed.</param>
    /// <param name="keepBytes">More than this stays. 0 deletes all that can be.</param>
    /// <exception cref="AnnException">Overloaded: a file cannot be deleted now. Unavailable: the log is broken for good.</exception>
    public void TrimBefore(long sequence, long keepBytes)
    {
        _appender.ThrowIfBroken();
        while (_done.Count > 0 && _done[0].IsBefore(sequence) && SizeInBytes - _done[0].Length > keepBytes)
        {
            string oldest = _done[0].Path;
            try
            {
                _files.Delete(oldest);
            }
            catch (IOException e)
            {
                throw new AnnException(AnnError.Overloaded, $"{oldest}: cannot be deleted: {e.Message}", e);
            }
            lock (_gate)
                _done.RemoveAt(0);
            // One by one: were a power cut to keep a later deletion and lose an earlier one, the log would have a gap.
            _appender.BreakOnFailure(_current.Path, () => _files.FlushDirectory(_directory));
        }
    }

    /// <summary>
    /// The records from one sequence to another, in order, as far as they are in the log when this is called. A record that holds some of
    /// them is given whole; one without items is given with the item before it, and with the item after.
    /// </summary>
    /// <exception cref="AnnException">
    /// FailedPrecondition: the log begins later; also while reading, when it was trimmed meanwhile. While reading: Corrupt; names file and
    /// byte. Unavailable: a file cannot be read.
    /// </exception>
    public IEnumerable<WalRecord> Read(long fromSequence, long toSequence)
    {
        WalFile[] held = Held();
        if (fromSequence < held[0].First)
            throw NotHeld(fromSequence, held[0].First, null);
        return ReadFiles(held, fromSequence, toSequence);
    }

    /// <summary>Closes the file. Does not flush.</summary>
    public void Dispose() => _appender.Dispose();

    /// <summary>The files of a log that count.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="shape">What its records must hold.</param>
    /// <param name="newestFile">As of <see cref="Open"/>.</param>
    /// <param name="next">As <c>minimalNextSequence</c> of <see cref="Open"/>; becomes where the log goes on when no file counts.</param>
    /// <param name="leftovers">Files that do not count, and are in the way.</param>
    private static List<WalFile> Find(
        IFileSystem files, string directory, WalShape shape, string? newestFile, ref long next, out List<string> leftovers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(next, 1);
        List<WalFile> found = WalRecovery.Check(files, directory, shape, newestFile, out string? abandoned);
        leftovers = abandoned is null ? [] : [abandoned];
        if (newestFile is null && found is [{ IsEmpty: true } only] && only.Next < next)
        {
            leftovers.Add(only.Path);
            found.Clear();
        }
        if (found is [.., { } last] && last.Next < next)
            throw AnnException.Corrupt(
                last.Path, "record", last.Length,
                $"the log has a gap: it ends before sequence {last.Next}, and held all before {next} once.");
        // The name of a file that never came to be still says how far the log had come.
        _ = WalFileHeader.TryParseName(abandoned ?? "", out long named);
        next = Math.Max(next, named);
        return found;
    }

    private static WalFile NewFile(string directory, WalShape shape, long first, Func<ulong> salts) =>
        new(Path.Combine(directory, WalFileHeader.NameOf(first)), new WalFileHeader(shape, first, salts()));

    private static Wal Begin(IFileSystem files, string directory, WalShape shape, long first, Func<ulong> salts)
    {
        WalFile file = NewFile(directory, shape, first, salts);
        Wal wal = new(files, directory, shape, salts, [], file);
        wal._appender.Begin(file.Path, file.Header.ToBytes());
        return wal;
    }

    private static void Remove(IFileSystem files, string directory, string path)
    {
        files.Delete(path);
        files.FlushDirectory(directory);
    }

    private AnnException NotHeld(long sequence, long first, Exception? inner) =>
        new(AnnError.FailedPrecondition, $"{_directory}: the log begins at {first}; sequence {sequence} was asked for.", inner);

    private void Check(WalRecord record, long next)
    {
        if (record.FirstSequence != next)
            throw new ArgumentException($"a record begins at {record.FirstSequence}; {next} is next", nameof(record));
        if (record.Keys.Kind != _shape.KeyKind)
            throw new ArgumentException($"keys of kind {record.Keys.Kind}", nameof(record));
        if (record.Rows.Length != (record.Kind == WalRecordKind.Upsert ? record.Count * (long)_shape.Dimension : 0))
            throw new ArgumentException($"{record.Rows.Length} components for {record.Count} items", nameof(record));
        if (record.Count == 0 && record.Producer.Length == 0)
            throw new ArgumentException("neither items nor a producer", nameof(record));
    }

    private void Reserve(int used, int more)
    {
        if (used > MaxAppendBytes - more)
            throw AnnException.Invalid("rows", $"the records of one append take more than {MaxAppendBytes} bytes.");
        if (_buffer.Length >= used + more)
            return;
        byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(MaxAppendBytes, Math.Max(used + more, 2L * _buffer.Length)));
        _buffer.AsSpan(0, used).CopyTo(larger);
        _buffer = larger;
    }

    private WalFile[] Held()
    {
        lock (_gate)
            return [.. _done, _current];
    }

    private IEnumerable<WalRecord> ReadFiles(WalFile[] held, long from, long to)
    {
        foreach (WalFile file in held)
        {
            if (file.IsEmpty || file.IsBefore(from))
                continue;
            using RecordReader reader = OpenHeld(file, from);
            while (reader.TryReadHead())
            {
                WalRecordHead head = WalRecordHead.Of(reader, _shape);
                if (head.IsEnd)
                    break;
                if (head.FirstSequence - (head.Count == 0 ? 1 : 0) > to)
                    yield break;
                if (head.NextSequence - (head.Count == 0 ? 0 : 1) >= from)
                    yield return WalRecordCodec.Read(reader, head, _shape)!; // nothing of it can be torn
                reader.Advance();
            }
        }
    }

    private RecordReader OpenHeld(WalFile file, long from)
    {
        try
        {
            RecordReader reader = new(_files, file.Path, WalFileHeader.Format) { Length = file.Length };
            reader.Begin(file.Header.Salt, new WholePart(file.Length, "it was whole when the log was opened, or when it was written"));
            return reader;
        }
        catch (AnnException e) when (e.Error == AnnError.NotFound)
        {
            throw NotHeld(from, First, e);
        }
    }
}
