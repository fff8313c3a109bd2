using System.Diagnostics;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// One generation of a live index: its segments, the head that grows, and the snapshot that readers take. Changed by the index's one
/// writer; read by anybody through <see cref="TryAcquire"/> and the properties that say so.
/// </summary>
internal sealed class Generation
{
    private readonly IndexHome _home;
    private readonly List<IndexPart> _parts;
    private IndexPart _head;
    private HeadSegment? _next;
    private long _toldPosition;
    private bool _partsChanged;
    private bool _headChanged;
    private volatile IndexSnapshot? _snapshot;

    /// <param name="home">The index.</param>
    /// <param name="id">16 hex digits.</param>
    /// <param name="encoders">Who made its rows, and who makes its queries.</param>
    /// <param name="sealedParts">Its sealed segments, oldest first.</param>
    /// <param name="applied">The last write that these show.</param>
    /// <param name="encoder">The encoder that it brought along, which it lets go of when it is closed; null for none.</param>
    /// <exception cref="AnnException">Overloaded: no memory for a head. The encoder is the caller's then.</exception>
    public Generation(
        IndexHome home, string id, EncoderPair encoders, IEnumerable<IndexPart> sealedParts, long applied, BroughtEncoder? encoder = null)
    {
        _home = home;
        Id = id;
        Encoders = encoders;
        Encoder = encoder;
        Applied = applied;
        Samples = new QuerySamples(home.Options.SampledQueries, home.Schema.Dimension, home.Options.QuerySamplingInterval);
        _parts = [.. sealedParts];
        _head = Begin(NewHead(before: 0, forced: false), Applied + 1);
        Show();
    }

    /// <summary>16 hex digits.</summary>
    public string Id { get; }

    /// <summary>Who made its rows, and who makes its queries.</summary>
    public EncoderPair Encoders { get; }

    /// <summary>The encoder that it brought along; null for none.</summary>
    public BroughtEncoder? Encoder { get; }

    /// <summary>What it does. Read by anybody.</summary>
    public GenerationRole Role { get; set; } = GenerationRole.CatchingUp;

    /// <summary>Queries that were asked of it lately.</summary>
    public QuerySamples Samples { get; }

    /// <summary>Hashes of the keys whose last write came from another encoder.</summary>
    public HashSet<ulong> Missed { get; } = [];

    /// <summary>Name of the file that holds <see cref="Missed"/> as the manifest knows it; null while there are none.</summary>
    public string? MissedFile { get; set; }

    /// <summary>What the manifest on disk says of it; null before the first that names it.</summary>
    public ManifestGeneration? Described { get; set; }

    /// <summary>True when <see cref="Missed"/> is not what its file holds.</summary>
    public bool MissedChanged { get; set; }

    /// <summary>The last write that it shows.</summary>
    public long Applied { get; private set; }

    /// <summary>Everything up to this write is in the sealed segments and their tombstones.</summary>
    public long LogPosition
    {
        get
        {
            foreach (IndexPart part in _parts)
                if (part.IsHead && part.Segment.Count > 0)
                    return part.FirstSequence - 1;
            return Applied;
        }
    }

    /// <summary>Ends when it has every write; fails when it is given up. Read by anybody.</summary>
    public Task CaughtUp { get; set; } = Task.CompletedTask;

    /// <summary>Its segments, oldest first, the head last.</summary>
    public IReadOnlyList<IndexPart> Parts => _parts;

    /// <summary>Names of its files, and of the directory of its encoder.</summary>
    public IEnumerable<string> Files => new[] { MissedFile, Encoder?.Carried.Directory }.OfType<string>()
        .Concat(_parts.SelectMany(static part => part.Files));

    /// <summary>Heads that wait to be sealed.</summary>
    public int FrozenCount => _parts.Count(static part => part.IsHead) - 1;

    private HeadSegment Head => (HeadSegment)_head.Segment;

    /// <summary>What a search sees now. Read by anybody. False once the generation was detached.</summary>
    public bool TryAcquire(out SnapshotLease lease)
    {
        while (_snapshot is { } snapshot)
        {
            if (snapshot.TryHold())
            {
                lease = new SnapshotLease(snapshot);
                return true;
            }
        }
        lease = default;
        return false;
    }

    /// <summary>What it is now, told to anybody; null once it was detached.</summary>
    public GenerationStatus? Describe()
    {
        if (!TryAcquire(out SnapshotLease lease))
            return null;
        using (lease)
        {
            IReadOnlyList<LiveSegment> segments = lease.Snapshot.Segments;
            return new GenerationStatus(
                Id, Role, Encoders,
                Items: segments.Sum(static one => (long)one.Count - one.DeadCount),
                Dead: segments.Sum(static one => (long)one.DeadCount),
                Segments: segments.Count,
                LogPosition: Volatile.Read(ref _toldPosition),
                AppliedPosition: Applied,
                MissedKeys: Missed.Count,
                FileBytes: segments.OfType<LiveSealedSegment>().Sum(static one => one.Sealed.SizeInBytes),
                MemoryBytes: segments.Sum(static one => one.MemoryBytes))
            {
                RunningEncoder = Encoder?.Opened?.Fingerprint,
            };
        }
    }

    /// <summary>True when a key is alive.</summary>
    public bool Contains(in ItemKey key) => FindLive(key, out _) is not null;

    /// <summary>Rows that a record adds to it: none when it deletes, or brings rows of another encoder.</summary>
    public int RowsOf(WalRecord record) =>
        record.Kind == WalRecordKind.Upsert && record.EncoderFingerprint == Encoders.Items.Fingerprint ? record.Count : 0;

    /// <summary>Makes sure that rows fit, before they are logged. False when too many heads wait to be sealed.</summary>
    /// <exception cref="AnnException">Overloaded: no memory for the next head.</exception>
    public bool TryMakeRoom(int rows)
    {
        HeadSegment head = Head;
        int left = head.IsFull ? 0 : head.Capacity - head.Count;
        // Texts of keys and attributes may fill heads before their rows do: a group may then leave too many heads, but not each of them.
        if (rows == 0 || (rows <= left && FrozenCount <= _home.Options.MaxFrozenHeads))
            return true;
        if (FrozenCount >= _home.Options.MaxFrozenHeads)
            return false;
        int rest = rows - left;
        if (_next is not null && _next.Capacity < rest)
        {
            _next.Release(); // made for fewer
            _next = null;
        }
        _next ??= NewHead(head.Capacity, forced: false, rest);
        return true;
    }

    /// <summary>Applies the items of a record from a sequence on. Readers see nothing of it before <see cref="Publish"/>.</summary>
    /// <returns>Items that were added, replaced or removed.</returns>
    public int Apply(WalRecord record, long from)
    {
        bool upsert = record.Kind == WalRecordKind.Upsert;
        bool own = record.EncoderFingerprint == Encoders.Items.Fingerprint;
        int applied = 0;
        for (int i = (int)Math.Max(0, from - record.FirstSequence); i < record.Count; i++)
        {
            ItemKey key = record.Keys.KeyAt(i);
            long sequence = record.FirstSequence + i;
            if (upsert && !own)
            {
                MissedChanged |= Missed.Add(key.Hash);
                continue;
            }
            MissedChanged |= Missed.Count > 0 && Missed.Remove(key.Hash);
            bool existed = Kill(key, sequence);
            applied += upsert || existed ? 1 : 0;
            if (!upsert)
                continue;
            if (Head.IsFull)
                Freeze(sequence, record.Count - i);
            int dimension = _home.Schema.Dimension;
            Head.Append(key, record.Rows.AsSpan(i * dimension, dimension), record.Attributes, i);
        }
        return applied;
    }

    /// <summary>Shows readers every write up to a sequence.</summary>
    public void Publish(long sequence)
    {
        Head.Link();
        Head.Publish(sequence);
        Applied = sequence;
        if (_partsChanged)
            Show();
        else
            Volatile.Write(ref _toldPosition, LogPosition);
    }

    /// <summary>Begins a new head when the present one has rows. Publish comes after.</summary>
    /// <param name="next">The next write.</param>
    /// <param name="rows">Rows that the new head is to have room for at least: those of a record are not to fill many heads.</param>
    /// <returns>True when there is a frozen head more.</returns>
    public bool Freeze(long next, int rows = 1)
    {
        HeadSegment head = Head;
        if (head.Count == 0)
            return false;
        head.Link();
        // The rows are logged already: a head that the budget has no room for is made all the same, and the next write is refused.
        HeadSegment begun = _next ?? NewHead(head.Capacity, forced: true, rows);
        _next = null;
        _head = Begin(begun, next);
        _headChanged = true;
        return true;
    }

    /// <summary>True when half of the head's room went to versions that are dead: searches walk through them.</summary>
    public bool IsHeadRotten => _head.Segment.DeadCount > Head.Capacity / 2;

    /// <summary>Writes since the head began: they are what a start has to replay.</summary>
    public long WritesSinceHead() => _head.Segment.Count == 0 ? 0 : Applied + 1 - _head.FirstSequence;

    /// <summary>True once after each new head.</summary>
    public bool TakeHeadChanged()
    {
        bool changed = _headChanged;
        _headChanged = false;
        return changed;
    }

    /// <summary>Puts a merged segment in the place of its sources.</summary>
    /// <param name="merge">Done.</param>
    /// <returns>The sources; their files can go once the manifest does not name them.</returns>
    public IReadOnlyList<IndexPart> Install(SegmentMerge merge)
    {
        int place = _parts.IndexOf(merge.Sources[0]);
        IndexPart? merged = merge.TakeResult();
        if (merged is not null)
        {
            merge.CarryDeaths(merged.Segment);
            _parts.Insert(place, merged);
        }
        foreach (IndexPart source in merge.Sources)
            _parts.Remove(source);
        Show();
        foreach (IndexPart source in merge.Sources)
            source.Segment.Release();
        return merge.Sources;
    }

    /// <summary>Takes the snapshot away from new readers and lets go of the segments.</summary>
    public void Close()
    {
        IndexSnapshot? snapshot = _snapshot;
        _snapshot = null;
        snapshot?.Release();
        foreach (IndexPart part in _parts)
            part.Segment.Release();
        _next?.Release();
        Encoder?.Opened?.Release();
        _parts.Clear();
    }

    private bool Kill(in ItemKey key, long sequence)
    {
        LiveSegment? segment = FindLive(key, out int node);
        segment?.Dead.Kill(node, sequence);
        return segment is not null;
    }

    /// <summary>At most one version of a key is alive; it may lie before or behind dead ones.</summary>
    private LiveSegment? FindLive(in ItemKey key, out int node)
    {
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            LiveSegment segment = _parts[i].Segment;
            node = segment.FindNewest(key);
            if (node >= 0 && !segment.Dead.IsDead(node))
                return segment;
        }
        node = -1;
        return null;
    }

    private HeadSegment NewHead(int before, bool forced, int rows = 1)
    {
        HeadShape shape = _home.HeadShapeAfter(before, rows);
        long bytes = HeadSegment.BytesOf(shape);
        if (forced)
            _home.Budget.TakeAnyway(bytes);
        else
            _home.Budget.Take(bytes, $"a head of {shape.Capacity} rows of index '{_home.Name}'");
        return new HeadSegment(shape) { Freed = () => _home.Budget.Return(bytes) };
    }

    private IndexPart Begin(HeadSegment head, long firstSequence)
    {
        IndexPart part = new(head) { FirstSequence = firstSequence };
        _parts.Add(part);
        _partsChanged = true;
        head.Publish(Applied);
        return part;
    }

    private void Show()
    {
        Debug.Assert(_parts[^1] == _head);
        IndexSnapshot? old = _snapshot;
        old?.End(); // before the next death, which its segments may not be told of
        _snapshot = new IndexSnapshot(_home.Name, Id, Encoders, _parts.Select(static part => part.Segment), Encoder?.Opened)
        {
            Samples = Samples,
        };
        _partsChanged = false;
        Volatile.Write(ref _toldPosition, LogPosition);
        old?.Release();
    }
}
