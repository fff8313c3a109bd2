using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Distances;
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
    private readonly HeadRoom _room;
    private IndexPart _head;
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
        _room = new HeadRoom(home);
        Id = id;
        Encoders = encoders;
        Encoder = encoder;
        Applied = applied;
        Samples = new QuerySamples(home.Options.SampledQueries, home.Schema.Dimension, home.Options.QuerySamplingInterval);
        _parts = [.. sealedParts];
        _head = Begin(_room.Make(before: 0, forced: false), Applied + 1);
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
    public long LogPosition => LogPositionWithout([]);

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

    /// <summary>What <see cref="LogPosition"/> would be if some of its heads were sealed.</summary>
    public long LogPositionWithout(IReadOnlyList<IndexPart> heads)
    {
        foreach (IndexPart part in _parts)
            if (part.IsHead && part.Segment.Count > 0 && !heads.Contains(part))
                return part.FirstSequence - 1;
        return Applied;
    }

    /// <summary>
    /// Rows that a record adds to it at most: none when it deletes, or brings rows of another encoder. An update adds a version of each
    /// item that exists, by whatever encoder its row is.
    /// </summary>
    public int RowsOf(WalRecord record) => record.Kind switch
    {
        WalRecordKind.Upsert => IsOwn(record) ? record.Count : 0,
        WalRecordKind.Update => record.Count,
        WalRecordKind.Delete => 0,
    };

    /// <summary>Bytes of memory that a record's payloads take in it at most, and those of older versions that an update copies.</summary>
    public long PayloadBytesOf(WalRecord record)
    {
        if (record.Payloads is { } payloads)
            return RowsOf(record) == 0 ? 0 : record.Count * (long)HeadPayloads.EntryBytes + payloads.TotalBytes;
        long bytes = 0;
        if (record.Kind == WalRecordKind.Update && _parts.Exists(static part => part.Segment.HasPayloads))
        {
            for (int i = 0; i < record.Count; i++)
                if (FindLive(record.Keys.KeyAt(i), out int node) is { } old)
                    bytes += HeadPayloads.EntryBytes + (old is HeadSegment ? old.Payload(node).Length : 0); // of a file they stay there
        }
        return bytes;
    }

    /// <summary>
    /// Makes sure that rows and their payloads fit, before they are logged. False when too many heads wait to be sealed.
    /// </summary>
    /// <param name="rows">Rows.</param>
    /// <param name="payloadBytes">Memory of their payloads.</param>
    /// <exception cref="AnnException">Overloaded: no memory for the next head, or for payloads.</exception>
    public bool TryMakeRoom(int rows, long payloadBytes = 0)
    {
        HeadSegment head = Head;
        int left = head.IsFull || payloadBytes > head.PayloadRoom ? 0 : head.Capacity - head.Count;
        // Texts of keys and attributes may fill heads before their rows do: a group may then leave too many heads, but not each of them.
        if (rows > left || (rows > 0 && FrozenCount > _home.Options.MaxFrozenHeads))
        {
            if (FrozenCount >= _home.Options.MaxFrozenHeads)
                return false;
            _room.MakeNext(head.Capacity, rows - left);
        }
        _room.TakeForPayloads(payloadBytes, head.Capacity);
        return true;
    }

    /// <summary>Gives back what <see cref="TryMakeRoom"/> took for payloads that did not come.</summary>
    public void ReturnRoom() => _room.Return();

    /// <summary>Applies the items of a record from a sequence on. Readers see nothing of it before <see cref="Publish"/>.</summary>
    /// <returns>Items that were added, replaced, changed or removed.</returns>
    public int Apply(WalRecord record, long from)
    {
        if (record.Kind == WalRecordKind.Update)
            return Update(record, from);
        bool upsert = record.Kind == WalRecordKind.Upsert;
        bool own = IsOwn(record);
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
            NewPayload payload = record.Payloads is { } payloads ? new NewPayload(payloads[i]) : default;
            Append(key, record.Rows.AsSpan(i * dimension, dimension), record.Attributes, i, payload);
        }
        return applied;
    }

    /// <summary>Shows readers every write up to a sequence.</summary>
    public void Publish(long sequence)
    {
        Head.Link();
        Head.Publish(sequence);
        Applied = sequence;
        ReturnRoom();
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
        _head = Begin(_room.TakeNext(head.Capacity, rows), next);
        _headChanged = true;
        return true;
    }

    /// <summary>
    /// True when half of the head's room went to versions that are dead: searches walk through them. And when there was no memory for
    /// payloads: those of the head become a file.
    /// </summary>
    public bool IsHeadRotten => _head.Segment.DeadCount > Head.Capacity / 2 || (_room.LacksMemory && _head.Segment.HasPayloads);

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
        _room.Close();
        Encoder?.Opened?.Release();
        _parts.Clear();
    }

    private bool IsOwn(WalRecord record) => record.EncoderFingerprint == Encoders.Items.Fingerprint;

    /// <summary>
    /// Applies an update: each item that is alive gets a version with the row that it has. Whose row it should be is no matter of an
    /// update: <see cref="Missed"/> stays as it is.
    /// </summary>
    private int Update(WalRecord record, long from)
    {
        AttributeSchema schema = _home.Schema.Attributes;
        UpdatedAttributes? updated = schema.Count == 0 ? null : new(schema, record.Attributes);
        int applied = 0;
        for (int i = (int)Math.Max(0, from - record.FirstSequence); i < record.Count; i++)
        {
            ItemKey key = record.Keys.KeyAt(i);
            long sequence = record.FirstSequence + i;
            if (FindLive(key, out int node) is not { } old)
                continue;
            ReadOnlySpan<float> row = old.Row(node);
            // Sound when the file was opened. Were it written on since, the update would spread what has become of it.
            if (old is LiveSealedSegment file && RowPreparation.FaultOfStored(_home.Schema.Metric, row, node) is string fault)
                throw AnnException.Corrupt(file.Sealed.Path, nameof(SectionKind.Rows), 0, fault);
            if (Head.IsFull)
                Freeze(sequence, record.Count - i);
            old.Dead.KillBase(node, sequence);
            int item = updated?.Add(old.Attributes, node, i) ?? 0;
            NewPayload payload = record.Payloads is { } payloads ? new NewPayload(payloads[i]) : new NewPayload(Head, old, node);
            Append(key, row, updated?.Items, item, payload);
            applied++;
        }
        return applied;
    }

    private void Append(in ItemKey key, ReadOnlySpan<float> row, AttributeBatch? attributes, int item, NewPayload payload)
    {
        _room.Use(payload.MemoryBytes);
        Head.Append(key, row, attributes, item, payload);
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
        foreach (IndexPart part in _parts)
            part.Segment.Dead.ForgetBases(LogPosition);
        Volatile.Write(ref _toldPosition, LogPosition);
        old?.Release();
    }
}
