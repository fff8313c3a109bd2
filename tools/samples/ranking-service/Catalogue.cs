using Ann.Client;
using Ann.Protocol.V1;
using Microsoft.Extensions.Options;

namespace Ann.Samples.RankingService;

/// <summary>The items of a shop that does not exist: the same for the same seed, the newest from a moment ago.</summary>
internal sealed class Catalogue
{
    private const int Seed = 20_261_130;

    private static readonly (string Name, string[] Kinds, double Price)[] Categories =
    [
        ("Lighting", ["floor lamp", "desk lamp", "lantern", "string of lights"], 70),
        ("Seating", ["armchair", "stool", "bench", "rocking chair"], 190),
        ("Plants", ["fern", "fig tree", "cactus", "trailing ivy"], 25),
        ("Kitchen", ["teapot", "cup", "casserole", "serving bowl"], 35),
        ("Outdoor", ["tent", "hammock", "camp stove", "rucksack"], 110),
        ("Audio", ["speaker", "record player", "radio", "headphones"], 150),
        ("Bags", ["tote", "satchel", "weekend bag", "pouch"], 80),
        ("Books", ["atlas", "cookbook", "sketchbook", "field guide"], 20),
    ];

    private static readonly string[] Styles = ["minimal", "rustic", "bold", "vintage", "playful", "alpine"];
    private static readonly string[] Colours = ["oak", "brass", "sand", "moss", "slate", "coral", "ink", "cream"];

    private static readonly string[] Brands =
        ["Fernhill", "Lumenhaus", "Tarn", "Oakwell", "Pip & Co", "Nordlys", "Brightside", "Marrow", "Juniper", "Halde", "Coppice", "Vela"];

    private readonly IndexClient _index;
    private readonly AnnClient _client;
    private readonly List<Item> _items = [];

    public Catalogue(AnnClient client, IOptions<FeedOptions> options, TimeProvider time)
    {
        _client = client;
        _index = client.Index(options.Value.Index);
        Random random = new(Seed);
        DateTimeOffset now = time.GetUtcNow();
        for (ulong key = 1; key <= (ulong)options.Value.Items; key++)
            _items.Add(Make(key, random, now));
    }

    public IReadOnlyList<Item> Items => _items;

    public Item? Find(ulong key) => key >= 1 && key <= (ulong)_items.Count ? _items[(int)key - 1] : null;

    /// <summary>Makes the index and fills it, unless the server has it already.</summary>
    public async Task WriteAsync()
    {
        if ((await _client.ListIndexesAsync()).Any(one => one.Name == _index.Name))
            return;
        await _client.Indexes.CreateAsync(new CreateRequest
        {
            Index = _index.Name,
            Dimension = Towers.Dimension,
            Metric = Metric.InnerProduct,
            Attributes =
            {
                new AttributeField { Name = "category", Type = AttributeType.Keyword },
                new AttributeField { Name = "brand", Type = AttributeType.Keyword },
                new AttributeField { Name = "price", Type = AttributeType.Double },
                new AttributeField { Name = "added", Type = AttributeType.Timestamp },
                new AttributeField { Name = "in_stock", Type = AttributeType.Bool },
            },
        });
        await _index.WriteAsync(
            _items.ToAsyncEnumerable(),
            static (batch, item) => batch.Add(item.Key, Towers.OfItem(item))
                .Set("category", item.Category)
                .Set("brand", item.Brand)
                .Set("price", item.Price)
                .Set("added", item.Added)
                .Set("in_stock", item.InStock));
    }

    private static Item Make(ulong key, Random random, DateTimeOffset now)
    {
        (string category, string[] kinds, double price) = Categories[random.Next(Categories.Length)];
        string style = Styles[random.Next(Styles.Length)];
        string colour = Colours[random.Next(Colours.Length)];
        string kind = kinds[random.Next(kinds.Length)];
        return new Item(key, $"{char.ToUpperInvariant(style[0])}{style[1..]} {kind}, {colour}", category, kind, style, colour)
        {
            Brand = Brands[random.Next(Brands.Length)],
            Price = Math.Round(price * Math.Exp(random.NextDouble() - 0.5)) - 0.05,
            Added = now.AddDays(-180 * Math.Pow(random.NextDouble(), 2)), // more of them are new than old
            InStock = random.NextDouble() < 0.85,
            Popularity = 0.8 + (0.4 * random.NextDouble()),
        };
    }
}

/// <summary>An item of the shop. Popularity is a factor: the norm of its vector.</summary>
internal sealed record Item(ulong Key, string Title, string Category, string Kind, string Style, string Colour)
{
    public required string Brand { get; init; }

    public required double Price { get; init; }

    public required DateTimeOffset Added { get; init; }

    public required bool InStock { get; init; }

    public required double Popularity { get; init; }
}
