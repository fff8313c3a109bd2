using System.Text;
using Ann.Core.Keys;
using Ann.Core.Records;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>The keys of a named set at one moment, in the order in which they came. Never changes.</summary>
internal sealed class SetKeys : ExcludedKeys
{
    /// <summary>What a set is charged with beside its keys: its objects and its place in the table.</summary>
    private const int SetBytes = 256;

    /// <summary>What a key is charged with beside its text: itself, its slot, and room to grow.</summary>
    private const int KeyBytes = 24;

    private readonly GrowingKeys _keys;
    private readonly int _first;
    private readonly int _end;

    private SetKeys(string name, GrowingKeys keys, int first, int end, long expiresAt)
    {
        Name = name;
        _keys = keys;
        _first = first;
        _end = end;
        ExpiresAt = expiresAt;
    }

    /// <summary>Name of the set.</summary>
    public string Name { get; }

    /// <summary>When it is forgotten, milliseconds since 1970 UTC; 0 for never.</summary>
    public long ExpiresAt { get; }

    public override int Count => _end - _first;

    /// <summary>All keys, the oldest first.</summary>
    public KeySpan Run => _keys.Run(_first, _end);

    /// <summary>UTF-8 bytes of the name.</summary>
    public int NameBytes => Encoding.UTF8.GetByteCount(Name);

    /// <summary>Bytes that it is charged with: the same after a restart.</summary>
    public long ChargedBytes => SetBytes + 2L * Name.Length + Count * (long)KeyBytes + Run.TextBytes;

    /// <summary>Bytes of the records that hold it when nothing else does.</summary>
    public long LogBytes
    {
        get
        {
            int records = Math.Max(1, (Count + SetRecordHead.MaxKeys - 1) / SetRecordHead.MaxKeys);
            return records * (long)(SetRecordHead.Size + NameBytes) + RecordKeys.SizeOf(Run);
        }
    }

    /// <summary>A set without keys.</summary>
    public static SetKeys Empty(string name, KeyKind kind, long expiresAt) =>
        new(name, new GrowingKeys(kind, capacity: 1, textBytes: 0), 0, 0, expiresAt);

    /// <summary>True when it is forgotten.</summary>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    public bool IsExpired(long now) => ExpiresAt != 0 && ExpiresAt <= now;

    /// <summary>
    /// The set with keys added: those that are in it stay where they are; beyond <see cref="ItemSets.MaxSetKeys"/> the oldest give way.
    /// Costs what the new keys cost, on average. For the one writer, on the newest state.
    /// </summary>
    /// <param name="keys">Of its kind.</param>
    /// <param name="expiresAt">As <see cref="ExpiresAt"/>.</param>
    /// <param name="added">Takes those that were not in it; null when nobody wants to know.</param>
    public SetKeys With(KeyColumn keys, long expiresAt, KeyColumn? added)
    {
        GrowingKeys room = _keys;
        int first = _first;
        int end = _end;
        for (int i = 0; i < keys.Count; i++)
        {
            ItemKey key = keys.KeyAt(i);
            if (room.Contains(in key, first, end))
                continue;
            if (!room.HasRoom(in key, end))
            {
                room = room.Grown(first, end, keys.Count - i, keys.Span.Slice(i, keys.Count - i).TextBytes);
                (first, end) = (0, end - first);
            }
            room.Add(in key, end++);
            if (end - first > ItemSets.MaxSetKeys)
                first++;
            added?.Add(in key);
        }
        return new SetKeys(Name, room, first, end, expiresAt);
    }

    public override bool Contains(in ItemKey key) => key.Kind == Run.Kind && _keys.Contains(in key, _first, _end);

    internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget) =>
        MaskRemoval.NodesAreFewer(mask, Count)
            ? MaskRemoval.ByNodes(segment, mask, this, in budget)
            : MaskRemoval.ByKeys(segment, at, mask, Run, in budget);
}
