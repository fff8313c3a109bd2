namespace Ann.Tool.Bulk;

/// <summary>
/// Finds two equal keys among any number of them in bounded memory: a pass over them keeps the hashes of a share that fits, and there are
/// as many passes as shares. Most inputs need the first one alone.
/// </summary>
/// <param name="capacity">Hashes kept at once, of 16 bytes each.</param>
internal sealed class DuplicateKeys(int capacity = DuplicateKeys.UsualCapacity)
{
    /// <summary>128 MB of hashes.</summary>
    public const int UsualCapacity = 1 << 23;

    private List<UInt128> _kept = [];
    private uint _shares = 1;
    private UInt128? _twice;

    /// <summary>Takes the next key in the first pass, by its hash.</summary>
    public void Add(UInt128 hash)
    {
        if (_twice is not null || (uint)hash % _shares != 0)
            return;
        while (_kept.Count == capacity)
        {
            // Equal ones would stay together in any share, however many there are.
            if ((_twice = TwiceIn(_kept)) is not null)
                return;
            // Twice as many shares: about half of what is kept belongs to another one now.
            _shares *= 2;
            _kept.RemoveAll(other => (uint)other % _shares != 0);
            if ((uint)hash % _shares != 0)
                return;
        }
        _kept.Add(hash);
    }

    /// <summary>The numbers of two keys that are equal, the smaller one first; null when all differ.</summary>
    /// <param name="readAgain">Gives all hashes once more, in order.</param>
    public (long First, long Second)? Find(Func<IEnumerable<UInt128>> readAgain)
    {
        for (uint share = 0; ; share++)
        {
            if ((_twice ?? TwiceIn(_kept)) is UInt128 twice)
                return PlacesOf(twice, readAgain());
            if (share + 1 == _shares)
                return null;
            _kept = [.. readAgain().Where(hash => (uint)hash % _shares == share + 1)];
        }
    }

    /// <summary>One that is there more than once; sorts them.</summary>
    private static UInt128? TwiceIn(List<UInt128> hashes)
    {
        hashes.Sort();
        for (int i = 1; i < hashes.Count; i++)
            if (hashes[i] == hashes[i - 1])
                return hashes[i];
        return null;
    }

    private static (long First, long Second) PlacesOf(UInt128 twice, IEnumerable<UInt128> hashes)
    {
        long[] places = [.. hashes.Index().Where(one => one.Item == twice).Take(2).Select(static one => (long)one.Index)];
        return (places[0], places[1]);
    }
}
