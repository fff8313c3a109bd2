using System.Diagnostics;

namespace Ann.Core.Segments;

/// <summary>
/// How many hold something that is given back when the last one lets go. A field of its owner, never copied. <see cref="One"/> is how it
/// begins: with one holder, who made it.
/// </summary>
internal struct HolderCount
{
    private int _holders;

    /// <summary>One holder.</summary>
    public static HolderCount One => new() { _holders = 1 };

    /// <summary>Holds once more, unless the last holder let go already.</summary>
    public bool TryHold()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int before = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (before == holders)
                return true;
            holders = before;
        }
        return false;
    }

    /// <summary>Lets go.</summary>
    /// <returns>True for the last holder, who gives back what was held.</returns>
    public bool Release()
    {
        int holders = Interlocked.Decrement(ref _holders);
        Debug.Assert(holders >= 0);
        return holders == 0;
    }
}
