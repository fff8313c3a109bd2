using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Ann.Samples.RankingService;

/// <summary>The shoppers, and what each of them opened last. In a shop of your own: its event store.</summary>
internal sealed class Shoppers(Catalogue catalogue)
{
    private const int Remembered = 8;

    private readonly ConcurrentDictionary<string, Shopper> _shoppers = new(
        from taste in new[]
        {
            ("ada", "Ada", "Lighting", "minimal"), ("bruno", "Bruno", "Outdoor", "alpine"), ("chloe", "Chloe", "Plants", "rustic"),
            ("deniz", "Deniz", "Audio", "vintage"), ("emeka", "Emeka", "Kitchen", "playful"), ("freya", "Freya", "Books", "bold"),
        }
        let likes = catalogue.Items.Where(item => item.Category == taste.Item3 && item.Style == taste.Item4).Take(Remembered - 3)
        let also = catalogue.Items.Where(item => item.Category != taste.Item3 && item.Style == taste.Item4).Take(3)
        select KeyValuePair.Create(taste.Item1, new Shopper(taste.Item1, taste.Item2, [.. likes, .. also])));

    public IEnumerable<object> Names => _shoppers.Values.OrderBy(static one => one.Id).Select(static one => new { one.Id, one.Name });

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
