using Ann.Protocol.V1;

namespace Ann.Tests.Server.Soak;

/// <summary>Filters of the soak, each with what it means of an item.</summary>
internal static class SoakRules
{
    /// <summary>A filter of any kind. Null takes all.</summary>
    /// <param name="random">Of the caller.</param>
    /// <param name="keys">Keys there can be.</param>
    public static (Filter? Filter, Func<SoakItem, bool> Takes) Any(Random random, int keys)
    {
        (Filter left, Func<SoakItem, bool> takesLeft) = OfGroup(random);
        (Filter right, Func<SoakItem, bool> takesRight) = random.Next(2) == 0 ? OfGroup(random) : OfPrice(random);
        HashSet<ulong> some = [.. Enumerable.Range(0, 200).Select(_ => (ulong)random.Next(keys))];
        return random.Next(8) switch
        {
            0 => (Clause.Exists("group"), static item => item.Group is not null),
            1 => (left, takesLeft),
            2 => (right, takesRight),
            3 => (Clause.All(left, right), item => takesLeft(item) && takesRight(item)),
            4 => (Clause.Any(left, right), item => takesLeft(item) || takesRight(item)),
            5 => (Clause.Not(right), item => !takesRight(item)),
            6 => (Clause.Keys([.. some]), item => some.Contains(item.Key)),
            _ => (null, static _ => true),
        };
    }

    /// <summary>Items of one group: a good tenth of those that have one.</summary>
    public static (Filter Filter, Func<SoakItem, bool> Takes) OfGroup(Random random)
    {
        string group = $"group-{random.Next(10)}";
        return (Clause.In("group", group), item => item.Group == group);
    }

    private static (Filter Filter, Func<SoakItem, bool> Takes) OfPrice(Random random)
    {
        long from = random.Next(900);
        long to = from + random.Next(1, 600);
        return (Clause.Between("price", Clause.At(from), Clause.At(to)), item => item.Price >= from && item.Price <= to);
    }
}
