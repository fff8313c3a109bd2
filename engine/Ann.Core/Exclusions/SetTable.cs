using System.Collections.Concurrent;
using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

/// <summary>
/// The item sets of an index: what readers see, and what one writer has changed but not yet shown. Readers take no lock.
/// </summary>
/// <param name="kind">What the index has as keys.</param>
/// <param name="index">Its name, for errors.</param>
/// <param name="budget">Memory of all item sets of the process.</param>
internal sealed class SetTable(KeyKind kind, string index, MemoryBudget budget)
{
    private readonly ConcurrentDictionary<string, SetKeys> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SetKeys?> _staged = new(StringComparer.Ordinal);
    private long _charged;
    private long _stagedCharge;

    /// <summary>Bytes of the records that hold all sets when nothing else does.</summary>
    public long LogBytes { get; private set; }

    /// <summary>Every set that is shown, in no order.</summary>
    public IEnumerable<SetKeys> Shown => _shown.Values;

    /// <summary>Every set that is shown, in the order of their names.</summary>
    public IEnumerable<SetKeys> All => _shown.Values.OrderBy(static set => set.Name, StringComparer.Ordinal);

    /// <summary>A set as readers see it; null when there is none, or it is forgotten.</summary>
    public SetKeys? Find(string name, long now) => _shown.TryGetValue(name, out SetKeys? set) && !set.IsExpired(now) ? set : null;

    /// <summary>A set as the writer knows it; null when there is none, or it is forgotten.</summary>
    public SetKeys? Newest(string name, long now)
    {
        if (!_staged.TryGetValue(name, out SetKeys? set))
            set = _shown.GetValueOrDefault(name);
        return set is null || set.IsExpired(now) ? null : set;
    }

    /// <summary>Repeats a record of the file.</summary>
    public void Replay(SetRecordHead head, string name, KeyColumn keys)
    {
        SetKeys? set = _shown.GetValueOrDefault(name);
        if (head.Kind == SetRecordKind.Drop)
        {
            Show(name, null);
            return;
        }
        if (head.Begins || set is null)
            set = SetKeys.Empty(name, kind, head.ExpiresAt);
        Show(name, set.With(keys, head.ExpiresAt, added: null));
    }

    /// <summary>Takes the memory of what was replayed, whether the budget has it or not: what was acknowledged stays.</summary>
    public void ChargeAll()
    {
        _charged = _shown.Values.Sum(static set => set.ChargedBytes);
        budget.TakeAnyway(_charged);
    }

    /// <summary>Changes a set for the writer; readers see it at <see cref="Publish"/>.</summary>
    /// <param name="name">Name of the set.</param>
    /// <param name="next">Its next state; null for none.</param>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    /// <exception cref="AnnException">Overloaded: the sets would take too much; the arithmetic.</exception>
    public void Stage(string name, SetKeys? next, long now)
    {
        long more = More(name, next);
        if (more > 0 && !budget.TryTake(more))
        {
            DropExpired(now);
            more = More(name, next); // the set itself may have been among them
            if (!budget.TryTake(more))
                throw budget.Full("memory for item sets (SetBytes)", more, $"set '{name}' of index '{index}'");
        }
        if (more > 0)
            _stagedCharge += more;
        _staged[name] = next;
    }

    /// <summary>Shows readers what was changed.</summary>
    public void Publish()
    {
        long before = _charged + _stagedCharge;
        foreach ((string name, SetKeys? set) in _staged)
        {
            _charged += Charge(set) - Charge(_shown.GetValueOrDefault(name));
            Show(name, set);
        }
        _staged.Clear();
        _stagedCharge = 0;
        budget.Return(before - _charged);
    }

    /// <summary>Forgets what was changed and not shown.</summary>
    public void Revert()
    {
        _staged.Clear();
        budget.Return(_stagedCharge);
        _stagedCharge = 0;
    }

    /// <summary>Removes sets whose time is over, but for those that are being changed.</summary>
    public void DropExpired(long now)
    {
        foreach (SetKeys set in _shown.Values)
        {
            if (!set.IsExpired(now) || _staged.ContainsKey(set.Name))
                continue;
            Show(set.Name, null);
            _charged -= set.ChargedBytes;
            budget.Return(set.ChargedBytes);
        }
    }

    /// <summary>Gives all memory back. Readers keep what they hold.</summary>
    public void Close()
    {
        Revert();
        budget.Return(_charged);
        _charged = 0;
    }

    private long More(string name, SetKeys? next) =>
        Charge(next) - Charge(_staged.TryGetValue(name, out SetKeys? staged) ? staged : _shown.GetValueOrDefault(name));

    private static long Charge(SetKeys? set) => set?.ChargedBytes ?? 0;

    private void Show(string name, SetKeys? set)
    {
        if (_shown.TryGetValue(name, out SetKeys? before))
            LogBytes -= before.LogBytes;
        if (set is null)
        {
            _shown.TryRemove(name, out _);
            return;
        }
        _shown[name] = set;
        LogBytes += set.LogBytes;
    }
}
