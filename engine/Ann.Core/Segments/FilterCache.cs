using System.Diagnostics;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>
/// Masks of the filters that are asked of one sealed segment again and again, by their content. A filter comes in at its second use, so
/// that those asked once push nothing out. Where room is needed, one that was not used of late goes (second chance). Finding takes no lock.
/// </summary>
/// <param name="masks">Where masks come from and go to.</param>
/// <param name="limit">Bytes of masks and of the filters' own bytes.</param>
internal sealed class FilterCache(SegmentMasks masks, long limit)
{
    private const int MostEntries = 256;
    private const int EntryBytes = 128;
    private const int SeenPlaces = 1024;

    private readonly Lock _changing = new();
    private readonly ulong[] _seen = new ulong[SeenPlaces];
    private Entries _entries = new([], []);
    private long _bytes;
    private int _hand;
    private bool _isClosed;

    /// <summary>Bytes held now.</summary>
    public long SizeInBytes => Volatile.Read(ref _bytes);

    /// <summary>Masks held now.</summary>
    public int Count => Volatile.Read(ref _entries).Masks.Length;

    /// <summary>The mask of a filter, held for the caller; null when it is not there.</summary>
    public CachedMask? Find(BoundFilter filter)
    {
        Entries entries = Volatile.Read(ref _entries);
        int place = entries.PlaceOf(filter);
        return place >= 0 && entries.Masks[place].TryHold() ? entries.Masks[place] : null;
    }

    /// <summary>Notes that a filter is not there, and says whether it should be: when it was asked of late already.</summary>
    public bool IsWorthKeeping(BoundFilter filter)
    {
        ref ulong place = ref _seen[filter.Hash % SeenPlaces];
        ulong mark = filter.Hash | 1; // 0 is none
        if (Volatile.Read(ref place) == mark)
            return true;
        Volatile.Write(ref place, mark);
        return false;
    }

    /// <summary>Takes a mask over, held for the caller too. Null when it stays the caller's: too large, there already, or closed.</summary>
    /// <param name="filter">What it is of.</param>
    /// <param name="mask">Written and counted; does not change any more.</param>
    public CachedMask? TryAdd(BoundFilter filter, NodeMask mask)
    {
        long bytes = mask.SizeInBytes + filter.Canonical.Length + EntryBytes;
        if (bytes > limit)
            return null;
        lock (_changing)
        {
            if (_isClosed || _entries.PlaceOf(filter) >= 0)
                return null;
            while (_bytes + bytes > limit || _entries.Masks.Length == MostEntries)
                Evict();
            CachedMask added = new(filter, mask, masks, bytes);
            bool isHeld = added.TryHold();
            Debug.Assert(isHeld);
            Volatile.Write(ref _entries, _entries.With(added));
            Volatile.Write(ref _bytes, _bytes + bytes);
            return added;
        }
    }

    /// <summary>Lets go of all, and takes no more.</summary>
    public void Clear()
    {
        lock (_changing)
        {
            _isClosed = true;
            while (_entries.Masks.Length > 0)
                Remove(_entries.Masks.Length - 1);
        }
    }

    private void Evict()
    {
        CachedMask[] all = _entries.Masks;
        while (all[_hand %= all.Length].TakeChance())
            _hand++;
        Remove(_hand);
    }

    private void Remove(int place)
    {
        CachedMask removed = _entries.Masks[place];
        Volatile.Write(ref _entries, _entries.Without(place));
        Volatile.Write(ref _bytes, _bytes - removed.Bytes);
        removed.Release();
    }

    /// <summary>Masks, and the hashes of their filters at the same places. Replaced as a whole.</summary>
    private sealed class Entries(ulong[] hashes, CachedMask[] masks)
    {
        public CachedMask[] Masks => masks;

        public int PlaceOf(BoundFilter filter)
        {
            int from = 0;
            while (true)
            {
                int next = hashes.AsSpan(from).IndexOf(filter.Hash);
                if (next < 0)
                    return -1;
                from += next;
                if (masks[from].Filter.Is(filter))
                    return from;
                from++; // another filter of the same hash
            }
        }

        public Entries With(CachedMask added) => new([.. hashes, added.Filter.Hash], [.. masks, added]);

        public Entries Without(int place) =>
            new([.. hashes[..place], .. hashes[(place + 1)..]], [.. masks[..place], .. masks[(place + 1)..]]);
    }
}

/// <summary>A mask that its cache and those who search with it hold together: the last one to let go gives it back.</summary>
/// <param name="filter">What it is of.</param>
/// <param name="mask">Owned from here on.</param>
/// <param name="masks">Where it goes back to.</param>
/// <param name="bytes">What it counts for in the cache.</param>
internal sealed class CachedMask(BoundFilter filter, NodeMask mask, SegmentMasks masks, long bytes)
{
    private HolderCount _holders = HolderCount.One;
    private volatile bool _isUsed;

    /// <summary>What it is of.</summary>
    public BoundFilter Filter => filter;

    /// <summary>Read only. Valid while it is held.</summary>
    public NodeMask Mask => mask;

    /// <summary>What it counts for in the cache.</summary>
    public long Bytes => bytes;

    /// <summary>Holds it once more, unless the last holder let go already.</summary>
    public bool TryHold()
    {
        if (!_holders.TryHold())
            return false;
        if (!_isUsed)
            _isUsed = true;
        return true;
    }

    /// <summary>Lets go.</summary>
    public void Release()
    {
        if (_holders.Release())
            masks.Return(mask);
    }

    /// <summary>True when it was used since it was asked last: it may stay for another round.</summary>
    public bool TakeChance()
    {
        bool wasUsed = _isUsed;
        _isUsed = false;
        return wasUsed;
    }
}

/// <summary>A mask that somebody uses: a pooled one of his own, or a cached one. Default: none.</summary>
/// <param name="Mask">Null for all nodes.</param>
/// <param name="Owner">Where it goes back to; null when it is cached, lent, or nobody's.</param>
/// <param name="Cached">The cached one; null when it is not.</param>
internal readonly record struct MaskHold(NodeMask? Mask, SegmentMasks? Owner, CachedMask? Cached)
{
    /// <summary>A pooled mask.</summary>
    public static MaskHold Of(NodeMask mask, SegmentMasks owner) => new(mask, owner, null);

    /// <summary>A cached mask, held for the caller.</summary>
    public static MaskHold Of(CachedMask cached) => new(cached.Mask, null, cached);

    /// <summary>A mask that somebody else holds for longer. Null for all nodes.</summary>
    public static MaskHold Lent(NodeMask? mask) => new(mask, null, null);

    /// <summary>Lets go. Once.</summary>
    public void Release()
    {
        Cached?.Release();
        Owner?.Return(Mask!);
    }
}
