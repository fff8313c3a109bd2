using System.Diagnostics;
using System.Numerics;
using Ann.Core.Keys;
using Ann.Core.Records;

namespace Ann.Core.Exclusions;

/// <summary>
/// From key to its position in a run of keys: open addressing over 32-bit slots. Holds positions, not keys. One writer; readers look up
/// meanwhile, without a lock: a position is written, with release, after its key is there.
/// </summary>
internal sealed class KeySlots
{
    /// <summary>
    /// Mixed into the hashes, so that nobody can send keys that all fall on one slot: the hash of a number can be undone.
    /// </summary>
    private static readonly ulong Seed = RecordFormat.DrawSalt();

    private readonly int[] _slots;
    private readonly int _shift;
    private int _used;

    /// <param name="capacity">Positions that it takes, 1 or more.</param>
    public KeySlots(int capacity)
    {
        Debug.Assert(capacity > 0);
        int slots = (int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2);
        _slots = new int[slots];
        _shift = 64 - BitOperations.Log2((uint)slots);
    }

    /// <summary>True while lookups are fast and end.</summary>
    public bool HasRoom => _used < _slots.Length / 4 * 3;

    /// <summary>The position of a key from <paramref name="first"/> to before the end of the run; −1 when it has none there.</summary>
    /// <param name="run">Keys by position, from 0 on. Positions behind its end are another reader's.</param>
    /// <param name="key">Of their kind.</param>
    /// <param name="first">Positions before are no longer meant.</param>
    public int Find(KeySpan run, in ItemKey key, int first)
    {
        for (int slot = HomeOf(in key); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            int position = Volatile.Read(ref _slots[slot]) - 1;
            if (position < 0)
                return -1;
            if (position >= first && position < run.Count && run[position].Is(in key))
                return position;
        }
    }

    /// <summary>Enters a key that is not there. Writer only, while <see cref="HasRoom"/>.</summary>
    public void Add(in ItemKey key, int position)
    {
        Debug.Assert(HasRoom);
        int slot = HomeOf(in key);
        while (_slots[slot] != 0)
            slot = (slot + 1) & (_slots.Length - 1);
        Volatile.Write(ref _slots[slot], position + 1);
        _used++;
    }

    private int HomeOf(in ItemKey key)
    {
        ulong mixed = (key.Hash ^ Seed) * 0x9E37_79B9_7F4A_7C15;
        return (int)(((mixed ^ (mixed >> 32)) * 0xBF58_476D_1CE4_E5B9) >> _shift);
    }
}
