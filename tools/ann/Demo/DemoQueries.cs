namespace Ann.Tool.Demo;

/// <summary>What a customer of the demonstration shop types: some by hand, to be read; many by chance, to be measured.</summary>
internal static class DemoQueries
{
    /// <summary>Shown with their results. Every second one is misspelt on purpose.</summary>
    public static IReadOnlyList<string> Shown { get; } =
    [
        "wireless mouse",
        "wireles mouse",
        "noise cancelling headphones",
        "blutooth hedphones",
        "mens runing shoes size 10",
        "waterproff hiking boots",
        "stainless steel water bottle",
        "mechanical keybord with backlight",
        "cordless vacum cleaner for pet hair",
        "thick yoga mat",
        "electric standing desk 160 cm",
        "reflectiv dog leash",
    ];

    /// <summary>Parts of titles, in the order of the title, every third of them with a misspelt word.</summary>
    /// <param name="products">Where the words come from.</param>
    /// <param name="count">Queries wanted.</param>
    /// <param name="seed">One seed, one list.</param>
    public static List<string> Generate(IReadOnlyList<Product> products, int count, int seed)
    {
        Random random = new(seed);
        List<string> queries = new(count);
        for (int i = 0; i < count; i++)
        {
            string title = products[random.Next(products.Count)].Title;
            string[] words = title.ToLowerInvariant().Replace(",", "", StringComparison.Ordinal).Split(' ');
            int wanted = Math.Min(words.Length, 2 + random.Next(4));
            int first = random.Next(words.Length - wanted + 1);
            string[] query = words[first..(first + wanted)];
            if (i % 3 == 0)
            {
                int place = random.Next(query.Length);
                query[place] = Misspell(query[place], random);
            }
            queries.Add(string.Join(' ', query));
        }
        return queries;
    }

    /// <summary>Drops, doubles or swaps a letter of a word that is long enough to be recognised afterwards.</summary>
    private static string Misspell(string word, Random random)
    {
        if (word.Length < 5)
            return word;
        int place = 1 + random.Next(word.Length - 2);
        return random.Next(3) switch
        {
            0 => word.Remove(place, 1),
            1 => word.Insert(place, word[place].ToString()),
            _ => word[..place] + word[place + 1] + word[place] + word[(place + 2)..],
        };
    }
}
