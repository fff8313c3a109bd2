using System.Globalization;

namespace Ann.Tool.Demo;

/// <summary>
/// A shop that does not exist: as many products as wanted, the same for the same seed, no two with one title. Varied enough that a
/// person can tell a good search result from a bad one.
/// </summary>
internal static class ProductCatalogue
{
    /// <summary>Most products: above it titles would begin to repeat.</summary>
    public const int MaxItems = 500_000;

    private static readonly string[] Lines =
    [
        "Nova", "Terra", "Pulse", "Aria", "Vento", "Solis", "Onda", "Prima", "Delta", "Echo", "Fable", "Halo", "Indigo", "Juno", "Kite",
        "Lyra", "Mono", "Norte", "Opal", "Piko", "Quartz", "Rivo", "Stella", "Tempo", "Umbra", "Vista", "Willow", "Xeno", "Yara", "Zephyr",
    ];

    /// <summary>Makes the first <paramref name="count"/> products.</summary>
    /// <param name="count">1 to <see cref="MaxItems"/>.</param>
    /// <param name="seed">One seed, one catalogue.</param>
    public static List<Product> Generate(int count, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxItems);
        Random random = new(seed);
        (Department Department, ProductType Type)[] kinds =
        [
            .. Departments.All.SelectMany(department => department.Types.Select(type => (department, type))),
        ];
        List<Product> products = new(count);
        HashSet<string> titles = new(count, StringComparer.Ordinal);
        while (products.Count < count)
        {
            // Round robin: every kind is there, whatever the count.
            (Department department, ProductType type) = kinds[products.Count % kinds.Length];
            Product product = Make(department, type, products.Count, random);
            if (titles.Add(product.Title))
                products.Add(product);
        }
        return products;
    }

    private static Product Make(Department department, ProductType type, int number, Random random)
    {
        string brand = Pick(department.Brands, random);
        string kind = Pick(type.Kinds, random);
        string quality = random.Next(5) == 0 ? "" : Pick(type.Qualities, random) + " ";
        List<string> parts = [$"{brand} {Pick(Lines, random)} {kind} {quality}{type.Noun}"];
        parts.Add(Pick(type.Details, random));
        if (type.Variants.Length > 0)
            parts.Add(Pick(type.Variants, random));
        parts.Add(Pick(department.Colours, random));

        // Cheap products are more common than dear ones, and prices end in .99 or .49 as they do.
        double place = Math.Pow(random.NextDouble(), 1.7);
        int units = type.LowestPrice + (int)(place * (type.HighestPrice - type.LowestPrice));
        int cents = units * 100 + (random.Next(3) == 0 ? 49 : 99);
        string key = string.Create(CultureInfo.InvariantCulture, $"{department.Code}-{number:D6}");
        return new Product(key, string.Join(", ", parts), brand, department.Name, cents);
    }

    private static string Pick(string[] words, Random random) => words[random.Next(words.Length)];
}
