namespace Ann.Samples.RankingService;

/// <summary>
/// The two towers, in the place of trained ones: an item is the sum of the directions of its features, as long as it is popular; a shopper
/// is the mean of what they opened, the latest counting most. Their inner product is how well the two go together.
/// </summary>
internal static class Towers
{
    public const int Dimension = 64;

    /// <summary>How much an item counts of what the one counts that was opened after it.</summary>
    private const float Fading = 0.8f;

    public static float[] OfItem(Item item)
    {
        float[] vector = new float[Dimension];
        Add(vector, Direction(item.Category), 1.0f);
        Add(vector, Direction(item.Kind), 0.7f);
        Add(vector, Direction(item.Style), 1.1f);
        Add(vector, Direction(item.Colour), 0.5f);
        Add(vector, Direction(item.Brand), 0.3f);
        return Scaled(vector, (float)item.Popularity);
    }

    /// <summary>The vector of a shopper, of length 1.</summary>
    /// <param name="opened">The latest first; at least one.</param>
    public static float[] OfShopper(IEnumerable<Item> opened)
    {
        float[] vector = new float[Dimension];
        float weight = 1;
        foreach (Item item in opened)
        {
            Add(vector, OfItem(item), weight);
            weight *= Fading;
        }
        return Scaled(vector, 1);
    }

    public static float Product(float[] one, float[] other) => one.Zip(other, static (x, y) => x * y).Sum();

    /// <summary>A direction that is as good as random, and always the same for a feature.</summary>
    private static float[] Direction(string feature)
    {
        Random random = new(feature.Aggregate(17, static (seed, letter) => unchecked((seed * 31) + letter)));
        float[] vector = new float[Dimension];
        for (int i = 0; i < vector.Length; i++)
            vector[i] = random.NextSingle() - random.NextSingle();
        return Scaled(vector, 1);
    }

    private static void Add(float[] to, float[] vector, float weight)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] += weight * vector[i];
    }

    private static float[] Scaled(float[] vector, float norm)
    {
        float factor = norm / MathF.Sqrt(Product(vector, vector));
        return Array.ConvertAll(vector, component => component * factor);
    }
}
