using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Ann.Samples.RankingService;

/// <summary>The shoppers, and what each of them opened last. In a shop of your own: its event store.</summary>
internal sealed class Shoppers(Catalogue catalogue)
{
    private const int Remembered = 8;

    private readonly ConcurrentDictionary<string, Shopper> _shoppers = new(
        from one in new (string Name, string[] Categories, string[] Styles)[]
        {
            ("Ada", ["Lighting", "Books", "Seating"], ["minimal", "vintage"]),
            ("Bruno", ["Outdoor", "Bags", "Books"], ["alpine", "bold"]),
            ("Chloe", ["Plants", "Kitchen"], ["rustic", "playful"]),
            ("Deniz", ["Audio", "Lighting"], ["vintage", "bold"]),
            ("Emeka", ["Kitchen", "Plants", "Audio"], ["playful", "minimal"]),
            ("Freya", ["Books", "Bags", "Seating"], ["bold", "rustic"]),
        }
        let opened = catalogue.Items.Where(item => one.Categories.Contains(item.Category) && one.Styles.Contains(item.Style))
        let id = one.Name.ToLowerInvariant()
        select KeyValuePair.Create(id, new Shopper(id, one.Name, [.. opened.Take(Remembered)])));

    public IEnumerable<Shopper> All => _shoppers.Values.OrderBy(static one => one.Name, StringComparer.Ordinal);

    public Shopper? Find(string id) => _shoppers.GetValueOrDefault(id);

    /// <summary>Remembers that a shopper opened an item. False where there is no such shopper or item.</summary>
    public bool Open(string id, ulong key)
    {
        if (Find(id) is null || catalogue.Find(key) is not { } item)
            return false;
        _shoppers.AddOrUpdate(
            id, static id => throw new KeyNotFoundException(id),
            (_, one) => one with { Opened = [.. one.Opened.Where(old => old.Key != key).Prepend(item).Take(Remembered)] });
        return true;
    }
}

/// <summary>A shopper, with what they opened, the latest first.</summary>
internal sealed record Shopper(string Id, string Name, ImmutableArray<Item> Opened);
