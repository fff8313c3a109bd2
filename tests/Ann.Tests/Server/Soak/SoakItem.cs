using Ann.Protocol.V1;

namespace Ann.Tests.Server.Soak;

/// <summary>An item of the soak, which is a function of its key and of how often it was written.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Version">Write that made it, from 1.</param>
/// <param name="Row">Its vector, of <see cref="Dimension"/> components.</param>
/// <param name="Group">One of ten words; null where it has no value.</param>
/// <param name="Price">0 to 999; every version has another.</param>
internal sealed record SoakItem(ulong Key, int Version, float[] Row, string? Group, long Price)
{
    public const int Dimension = 16;

    private const int Clusters = 24;

    /// <summary>Chance of a part of a run: the same in every process.</summary>
    public static Random Chance(int seed, int part, int of) => new(unchecked(((seed * 1_000_003) + part) * 7919 + of));

    /// <summary>The item of a key after so many writes of it.</summary>
    public static SoakItem Of(int seed, ulong key, int version)
    {
        Random random = Chance(seed, (int)key, version);
        float[] row = Near(random, random.Next(Clusters));
        int group = random.Next(11);
        return new SoakItem(key, version, row, group == 10 ? null : $"group-{group}", random.Next(1000));
    }

    /// <summary>A row that is nobody's, of the same law.</summary>
    public static float[] Query(Random random) => Near(random, random.Next(Clusters));

    /// <summary>What the index declares.</summary>
    public static IEnumerable<AttributeField> Fields() =>
    [
        new() { Name = "group", Type = AttributeType.Keyword },
        new() { Name = "price", Type = AttributeType.Int64 },
    ];

    /// <summary>The attributes of some items, as a write brings them.</summary>
    public static IReadOnlyList<AttributeColumn> Columns(IReadOnlyList<SoakItem> items) =>
    [
        new()
        {
            Name = "group",
            Keywords = { items.Select(static item => item.Group ?? "") },
            Missing = { items.Index().Where(static one => one.Item.Group is null).Select(static one => (uint)one.Index) },
        },
        new() { Name = "price", Integers = { items.Select(static item => item.Price) } },
    ];

    /// <summary>Euclidean distance.</summary>
    public static double Distance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    /// <summary>Centres are the same for every seed: queries and items of all runs lie in the same places.</summary>
    private static float[] Near(Random random, int cluster)
    {
        Random centre = new(cluster);
        float[] row = new float[Dimension];
        for (int i = 0; i < Dimension; i++)
            row[i] = 2 * centre.NextSingle() + random.NextSingle();
        return row;
    }
}
