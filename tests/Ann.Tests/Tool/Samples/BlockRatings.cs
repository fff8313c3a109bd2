using System.Globalization;
using System.IO.Compression;

namespace Ann.Tests.Tool.Samples;

/// <summary>Ratings that a test makes: users who like one block of the items, and some items that everybody takes.</summary>
internal static class BlockRatings
{
    public const int Users = 120, Items = 80, Blocks = 4;

    /// <summary>User, item, rating and time of each event; none twice.</summary>
    public static IReadOnlyList<(int User, int Item, int Rating, int Time)> Make(int seed, int users = Users, int items = Items)
    {
        Random random = new(seed);
        List<(int, int, int, int)> events = [];
        for (int user = 0; user < users; user++)
        {
            HashSet<int> taken = [];
            while (taken.Count < Math.Min(14, items / 2))
            {
                // Within a block, and among all items, the first are taken more often.
                double place = random.NextDouble() * random.NextDouble();
                int item = random.NextDouble() < 0.85
                    ? ((int)(place * items / Blocks) * Blocks) + (user % Blocks)
                    : (int)(place * items);
                if (taken.Add(item))
                    events.Add((user + 1, item + 1, 1 + random.Next(5), 1_000_000 + random.Next(1_000_000)));
            }
        }
        return events;
    }

    /// <summary>Events as MovieLens has them, by the file's name.</summary>
    public static byte[] Text(string name, IReadOnlyList<(int User, int Item, int Rating, int Time)> events)
    {
        string between = name.EndsWith(".dat", StringComparison.Ordinal) ? "::"
            : name.EndsWith(".data", StringComparison.Ordinal) ? "\t"
            : ",";
        string head = between == "," ? "userId,movieId,rating,timestamp\n" : "";
        byte[] text = System.Text.Encoding.UTF8.GetBytes(head + string.Concat(events.Select(one => string.Create(
            CultureInfo.InvariantCulture, $"{one.User}{between}{one.Item}{between}{one.Rating}{between}{one.Time}\n"))));
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
            return text;
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
            gzip.Write(text);
        return packed.ToArray();
    }
}
