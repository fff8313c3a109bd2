using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Payloads;

namespace Ann.Core.Segments;

/// <summary>A payload on its way into a head.</summary>
internal readonly ref struct NewPayload
{
    /// <summary>Bytes that are copied: at most <see cref="PayloadColumn.MaxBytes"/>; empty for none.</summary>
    public NewPayload(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The payload of an older version of the item, which stays where it lies, unless that is another head.</summary>
    /// <param name="head">Where it goes.</param>
    /// <param name="old">Where the older version is.</param>
    /// <param name="node">Of that.</param>
    public NewPayload(HeadSegment head, LiveSegment old, int node)
    {
        Bytes = old.Payload(node);
        Keeper = (old as LiveSealedSegment)?.Sealed.Payloads;
        Stays = old == head || Keeper is not null;
    }

    /// <summary>What it holds.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>True when they are not copied.</summary>
    public bool Stays { get; }

    /// <summary>The file where they lie; null when they lie in the head.</summary>
    public SealedPayloads? Keeper { get; }

    /// <summary>Bytes of memory that it takes.</summary>
    public long MemoryBytes => Bytes.IsEmpty ? 0 : HeadPayloads.EntryBytes + (Stays ? 0 : Bytes.Length);
}

/// <summary>
/// The payloads of a head, at fixed addresses: one behind the other in memory that is there when the first of them comes, or left where
/// they lie in a file whose mapping the head holds. One writer; readers without a lock, of nodes that a read point showed them.
/// </summary>
/// <param name="capacity">Most nodes.</param>
/// <param name="room">Bytes that are copied before it is full; the last payload may come on top.</param>
internal sealed unsafe class HeadPayloads(int capacity, long room) : IDisposable
{
    /// <summary>Bytes of memory of a payload besides its own: its address and its length.</summary>
    public const int EntryBytes = sizeof(long) + sizeof(int);

    private readonly HashSet<SealedPayloads> _held = [];
    private Parts? _parts;
    private long _used;
    private long _memory;

    /// <summary>True when no further payload is to be copied.</summary>
    public bool IsFull => _used >= room;

    /// <summary>Bytes that can be copied before it is full.</summary>
    public long Left => Math.Max(0, room - _used);

    /// <summary>True when a node has a payload.</summary>
    public bool Any => Volatile.Read(ref _parts) is not null;

    /// <summary>Bytes of memory of all payloads. Told after it was disposed, too.</summary>
    public long MemoryBytes => Volatile.Read(ref _memory);

    /// <summary>Gives a node its payload. Writer only; nodes come in order.</summary>
    public void Append(int node, NewPayload payload)
    {
        Debug.Assert(payload.Bytes.Length <= PayloadColumn.MaxBytes);
        if (payload.Bytes.IsEmpty)
            return;
        Parts parts = _parts ?? new Parts(capacity, room);
        byte* place = parts.Bytes.Start + _used;
        if (!payload.Stays)
        {
            Debug.Assert(!IsFull);
            payload.Bytes.CopyTo(new Span<byte>(place, payload.Bytes.Length));
            _used += payload.Bytes.Length;
        }
        else
        {
            fixed (byte* there = payload.Bytes)
                place = there; // native memory or a mapping: it does not move
            if (payload.Keeper is { } keeper && _held.Add(keeper))
                keeper.Hold();
        }
        ((byte**)parts.Places.Start)[node] = place;
        ((int*)parts.Lengths.Start)[node] = payload.Bytes.Length;
        Volatile.Write(ref _parts, parts);
        Volatile.Write(ref _memory, _memory + payload.MemoryBytes);
    }

    /// <summary>The payload of a node; empty when it has none. Valid while the head is held.</summary>
    public ReadOnlySpan<byte> At(int node) => Volatile.Read(ref _parts) is { } parts
        ? new ReadOnlySpan<byte>(((byte**)parts.Places.Start)[node], ((int*)parts.Lengths.Start)[node])
        : default;

    public void Dispose()
    {
        _parts?.Dispose();
        foreach (SealedPayloads file in _held)
            file.Release();
        _held.Clear();
    }

    private sealed class Parts(int capacity, long room) : IDisposable
    {
        public LazyBlock Places { get; } = new(capacity * (long)sizeof(long));

        public LazyBlock Lengths { get; } = new(capacity * (long)sizeof(int));

        public LazyBlock Bytes { get; } = new(room + PayloadColumn.MaxBytes);

        public void Dispose()
        {
            Places.Dispose();
            Lengths.Dispose();
            Bytes.Dispose();
        }
    }
}
