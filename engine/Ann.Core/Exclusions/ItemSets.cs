using System.Text;
using Ann.Core.Files;
using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

/// <summary>
/// The named sets of keys that an index keeps, such as what a user has seen: on disk before they are acknowledged, searched without a lock.
/// May be used from any thread.
/// </summary>
/// <remarks>
/// One thread of the pool at a time does what waits: all that came while the device was busy shares the next fsync. Files that cannot be
/// used make only the sets fail: every call then says why, and the index goes on.
/// </remarks>
internal sealed class ItemSets : IAsyncDisposable
{
    /// <summary>Keys of a set at most; the oldest give way.</summary>
    public const int MaxSetKeys = 1_000_000;

    /// <summary>Longest name, in bytes of UTF-8.</summary>
    public const int MaxNameBytes = 256;

    /// <summary>Longest time until a set is forgotten, in seconds: a year.</summary>
    public const int MaxTtlSeconds = 31_536_000;

    /// <summary>Bytes of records written at once, before the next are taken.</summary>
    private const int GroupBytes = 16 << 20;

    private readonly Lock _gate = new();
    private readonly ItemSetsHome _home;
    private readonly SetTable _table;
    private readonly SetLog? _log;
    private readonly Exception? _damage;
    private readonly Queue<SetChange> _waiting = new();
    private readonly SetRecords _records = new();
    private Task _work = Task.CompletedTask;
    private bool _working;
    private bool _closed;
    private int _pins;
    private long _nextSweepAt;

    private ItemSets(ItemSetsHome home)
    {
        _home = home;
        _table = new SetTable(home.KeyKind, home.Index, home.Budget);
        try
        {
            _log = SetLog.Open(home, _table.Replay);
            _table.ChargeAll();
            _table.DropExpired(Now);
            _nextSweepAt = home.LeastCompactedBytes;
        }
        catch (Exception e)
        {
            // Searches that name no set must go on, whatever is wrong with this file.
            _damage = e;
        }
    }

    /// <summary>Why the sets cannot be read, or take nothing any more; null when all is well. Names the file with its directory.</summary>
    public Exception? Failure => _damage ?? _log?.Broken;

    private long Now => _home.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens the sets of an index; without a file there are none. Never fails: see <see cref="Failure"/>.</summary>
    public static ItemSets Open(ItemSetsHome home) => new(home);

    /// <summary>Refuses what cannot be a set's name.</summary>
    /// <param name="field">The request field.</param>
    /// <param name="name">What it holds.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>.</exception>
    public static void RequireName(string field, string name)
    {
        if (Encoding.UTF8.GetByteCount(name) is int length and (0 or > MaxNameBytes))
            throw AnnException.Invalid(field, $"{field}: a set's name takes 1 to {MaxNameBytes} bytes of UTF-8; found {length}.");
    }

    /// <summary>Every set that is not forgotten, in no order.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Corrupt"/>: the file is damaged. <see cref="AnnError.Unavailable"/>: it could not be opened.
    /// </exception>
    public IEnumerable<SetKeys> All
    {
        get
        {
            RequireReadable();
            long now = Now;
            return _table.Shown.Where(set => !set.IsExpired(now));
        }
    }

    /// <summary>The keys of a set now; null when there is none, or it is forgotten.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Corrupt"/>: the file is damaged. <see cref="AnnError.Unavailable"/>: it could not be opened.
    /// </exception>
    public ExcludedKeys? Find(string name)
    {
        RequireReadable();
        return _table.Find(name, Now);
    }

    /// <summary>
    /// Adds keys to a set, and makes it when there is none. Ends when they are on disk and the next <see cref="Find"/> sees them.
    /// </summary>
    /// <param name="name">Name of the set.</param>
    /// <param name="keys">1 to <see cref="Exclusion.MaxKeys"/>, of the index's kind; not changed any more.</param>
    /// <param name="ttl">Time until the set is forgotten, a second to a year; null leaves it as it is, of a new set for ever.</param>
    /// <param name="cancellation">Ends the waiting, not the write.</param>
    /// <returns>Keys in the set.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: name, keys or time. <see cref="AnnError.Overloaded"/>: memory or disk.
    /// <see cref="AnnError.Unavailable"/>: closing, or the device failed. <see cref="AnnError.Corrupt"/>: the file is damaged.
    /// </exception>
    public async Task<int> AppendAsync(string name, KeyColumn keys, TimeSpan? ttl, CancellationToken cancellation = default)
    {
        RequireName("set", name);
        if (keys.Kind != _home.KeyKind)
            throw AnnException.Invalid("keys", $"keys are of kind {keys.Kind}; index '{_home.Index}' has {_home.KeyKind}.");
        if (keys.Count is 0 or > Exclusion.MaxKeys)
            throw AnnException.Invalid("keys", $"there are {keys.Count} keys; 1 to {Exclusion.MaxKeys} can be added at once.");
        if (ttl is TimeSpan time && (time < TimeSpan.FromSeconds(1) || time > TimeSpan.FromSeconds(MaxTtlSeconds)))
            throw AnnException.Invalid("ttl", $"ttl is {time.TotalSeconds}; it must be 1 to {MaxTtlSeconds}.");
        return (int)await ChangeAsync(() => Append(name, keys, ttl), cancellation);
    }

    /// <summary>Removes a set. Ends when that is on disk. One that does not exist is no error.</summary>
    /// <returns>Keys that were in it.</returns>
    /// <exception cref="AnnException">As <see cref="AppendAsync"/>.</exception>
    public async Task<int> DropAsync(string name, CancellationToken cancellation = default)
    {
        RequireName("set", name);
        return (int)await ChangeAsync(() => Drop(name), cancellation);
    }

    /// <summary>Finishes what waits, and closes the file. Who holds keys may use them on.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
        }
        await _work;
        _log?.Dispose();
        _table.Close();
    }

    /// <summary>The file as it is now, for a copy: until <see cref="Unpin"/> it only grows.</summary>
    /// <returns>Bytes that count; 0 when there is no file.</returns>
    /// <exception cref="AnnException">As <see cref="AppendAsync"/>.</exception>
    internal async Task<long> PinAsync()
    {
        Interlocked.Increment(ref _pins);
        try
        {
            return await ChangeAsync(() => _log!.Length, CancellationToken.None);
        }
        catch
        {
            Unpin();
            throw;
        }
    }

    /// <summary>Lets the file be written anew.</summary>
    internal void Unpin() => Interlocked.Decrement(ref _pins);

    private void RequireReadable()
    {
        if (_damage is null)
            return;
        AnnError error = (_damage as AnnException)?.Error switch
        {
            AnnError.FailedPrecondition or AnnError.Unavailable => AnnError.Unavailable,
            _ => AnnError.Corrupt,
        };
        string reason = _damage is AnnException ? _damage.Message : "their file could not be read.";
        throw new AnnException(error, $"The item sets of index '{_home.Index}' cannot be used: {reason}", _damage) { Field = "sets" };
    }

    private Task<long> ChangeAsync(Func<long> stage, CancellationToken cancellation)
    {
        RequireReadable();
        SetChange change = new(stage);
        lock (_gate)
        {
            if (_closed)
                throw AnnException.Closing(_home.Index);
            _waiting.Enqueue(change);
            if (!_working)
            {
                _working = true;
                _work = Task.Run(Work, CancellationToken.None);
            }
        }
        return change.Done.WaitAsync(cancellation);
    }

    private void Work()
    {
        List<SetChange> group = [];
        while (true)
        {
            group.Clear();
            try
            {
                while (_records.Length < GroupBytes && TryTake(mayStop: group.Count == 0, out SetChange? change))
                {
                    group.Add(change!);
                    change!.Stage();
                }
                if (group.Count == 0)
                    return;
                if (_records.Length > 0)
                    _log!.Append(_records.Bytes);
                _table.Publish();
            }
            catch (Exception e)
            {
                _table.Revert();
                group.ForEach(change => change.Fail(e));
            }
            _records.Clear();
            group.ForEach(static change => change.Finish());
            CompactIfNeeded();
        }
    }

    private bool TryTake(bool mayStop, out SetChange? change)
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out change))
                return true;
            // The last look: who comes now starts the work again. Not while changes are at hand.
            _working = !mayStop;
            return false;
        }
    }

    private long Append(string name, KeyColumn keys, TimeSpan? ttl)
    {
        _log!.ThrowIfBroken();
        long now = Now;
        SetKeys? known = _table.Newest(name, now);
        SetKeys set = known ?? SetKeys.Empty(name, _home.KeyKind, expiresAt: 0);
        long expiresAt = ttl is TimeSpan time ? now + (long)time.TotalMilliseconds : set.ExpiresAt;
        KeyColumn added = new(_home.KeyKind);
        SetKeys next = set.With(keys, expiresAt, added);
        if (known is not null && added.Count == 0 && expiresAt == set.ExpiresAt)
            return set.Count;
        _table.Stage(name, next, now);
        _records.Add(_log, SetRecordKind.Append, name, begins: known is null, expiresAt, added.Span);
        return next.Count;
    }

    private long Drop(string name)
    {
        _log!.ThrowIfBroken();
        long now = Now;
        if (_table.Newest(name, now) is not { } set)
            return 0;
        _table.Stage(name, null, now);
        _records.Add(_log, SetRecordKind.Drop, name, begins: false, expiresAt: 0, new KeyColumn(_home.KeyKind).Span);
        return set.Count;
    }

    /// <summary>Writes the file anew when more than half of it no longer counts.</summary>
    private void CompactIfNeeded()
    {
        if (_log!.Length < _nextSweepAt || _log.Broken is not null || Volatile.Read(ref _pins) > 0)
            return;
        try
        {
            _table.DropExpired(Now);
            if (_log.Length > 2 * (SetLogHeader.Size + _table.LogBytes))
                _log.Rewrite(_table.LogBytes, (stream, salt) => SetRecords.WriteAll(stream, salt, _table.All));
        }
        catch (Exception)
        {
            // The old file goes on, or the next call says that the device failed. Tried again when the file has grown.
        }
        // Looking at every set costs time: not before the file has grown by a quarter.
        _nextSweepAt = Math.Max(_home.LeastCompactedBytes, _log.Length + _log.Length / 4);
    }
}

/// <summary>Where the item sets of an index live, and what they may take.</summary>
/// <param name="Files">Where the directory is.</param>
/// <param name="Directory">For the file of the sets; made with the first of them.</param>
/// <param name="Index">Name of the index.</param>
/// <param name="KeyKind">What the index has as keys.</param>
/// <param name="Budget">Memory of all item sets of the process.</param>
/// <param name="Time">The clock that sets are forgotten by.</param>
internal sealed record ItemSetsHome(
    IFileSystem Files, string Directory, string Index, KeyKind KeyKind, MemoryBudget Budget, TimeProvider Time)
{
    /// <summary>True where nothing else keeps other processes out of the directory. Default: false.</summary>
    public bool Locks { get; init; }

    /// <summary>True when nothing can be written to the directory: sets can be read. Default: false.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The file is not written anew while it is shorter. Default: 1 MiB.</summary>
    public long LeastCompactedBytes { get; init; } = 1 << 20;

    /// <summary>Makes the salt of a file; null draws them.</summary>
    internal Func<ulong>? Salts { get; init; }
}
