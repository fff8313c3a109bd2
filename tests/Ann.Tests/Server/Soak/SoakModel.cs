namespace Ann.Tests.Server.Soak;

/// <summary>
/// What has been acknowledged of an index, and what is under way: a plain array. Each key has one writer; anybody may look.
/// </summary>
/// <param name="seed">Of the run.</param>
/// <param name="keys">Keys there can be, from 0.</param>
internal sealed class SoakModel(int seed, int keys)
{
    private readonly Lock _lock = new();
    private readonly Slot[] _slots = new Slot[keys];
    private long _acknowledged;

    public int Keys => keys;

    /// <summary>Moment of the newest acknowledgement: what was stable then and is now, was so all the while.</summary>
    public long Now
    {
        get
        {
            lock (_lock)
                return _acknowledged;
        }
    }

    /// <summary>Tells that these are about to be written; until it is acknowledged nobody knows what they are.</summary>
    /// <returns>What they become when they are put.</returns>
    public SoakItem[] Begin(IReadOnlyCollection<ulong> written)
    {
        lock (_lock)
        {
            foreach (ulong key in written)
            {
                Assert.False(_slots[key].IsUnderWay, "a key has one writer");
                _slots[key].IsUnderWay = true;
                _slots[key].Version++;
            }
            return [.. written.Select(key => SoakItem.Of(seed, key, _slots[key].Version))];
        }
    }

    /// <summary>Tells that they were put.</summary>
    public void Put(IEnumerable<SoakItem> items) => Acknowledge(items.Select(static item => (item.Key, (SoakItem?)item)));

    /// <summary>Tells that they were removed.</summary>
    public void Remove(IEnumerable<ulong> removed) => Acknowledge(removed.Select(static key => (key, (SoakItem?)null)));

    /// <summary>Whether an item of this key was there at a moment and has been since, and which.</summary>
    /// <param name="key">The key.</param>
    /// <param name="since">A moment.</param>
    /// <param name="item">The item; null for none.</param>
    /// <returns>False when the key was or is being written since.</returns>
    public bool IsStable(ulong key, long since, out SoakItem? item)
    {
        lock (_lock)
        {
            Slot slot = _slots[key];
            item = slot.Item;
            return !slot.IsUnderWay && slot.Acknowledged <= since;
        }
    }

    /// <summary>Every item, ascending by key. Only while nothing is written.</summary>
    public SoakItem[] All()
    {
        lock (_lock)
        {
            Assert.DoesNotContain(_slots, static slot => slot.IsUnderWay);
            return [.. _slots.Select(static slot => slot.Item).OfType<SoakItem>()];
        }
    }

    private void Acknowledge(IEnumerable<(ulong Key, SoakItem? Item)> items)
    {
        lock (_lock)
        {
            _acknowledged++;
            foreach ((ulong key, SoakItem? item) in items)
            {
                _slots[key].Item = item;
                _slots[key].IsUnderWay = false;
                _slots[key].Acknowledged = _acknowledged;
            }
        }
    }

    private struct Slot
    {
        public SoakItem? Item;
        public int Version;
        public bool IsUnderWay;
        public long Acknowledged;
    }
}
