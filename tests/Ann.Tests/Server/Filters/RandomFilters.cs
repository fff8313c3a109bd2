using Ann.Protocol.V1;

namespace Ann.Tests.Server.Filters;

/// <summary>Filters of every shape that has a text of its own, with names and values that are hard to write.</summary>
internal static class RandomFilters
{
    private static readonly string[] Names = ["a", "_b.c-d", "price", "and", "KEY", "not", "exists", "true", "In", "between"];

    private static readonly string[] Texts =
    [
        "shoes", "two words", "", "\"", "\\", "it's", "a,b", "(x)", "=", "<", "5", "-1.5", "1e3", "+inf", "true", "AND", "key", "or",
        "2026-01-01T00:00:00Z", "鼠标", "é ", "\t", "a\\\"b'", "00", "-", "1.2.3", "9223372036854775808",
    ];

    public static Filter Next(Random random, int depth) => random.Next(depth == 0 ? 4 : 7) switch
    {
        0 => new Filter { In = NextIn(random) },
        1 => new Filter { Range = NextRange(random) },
        2 => new Filter { Exists = Pick(random, Names) },
        3 => new Filter { Keys = NextKeys(random) },
        4 => new Filter { NoneOf = Next(random, depth - 1) },
        5 => new Filter { AllOf = NextList(random, depth - 1) },
        _ => new Filter { AnyOf = NextList(random, depth - 1) },
    };

    private static FilterList NextList(Random random, int depth)
    {
        FilterList list = new();
        for (int i = random.Next(2, 5); i > 0; i--)
            list.Clauses.Add(Next(random, depth));
        return list;
    }

    private static InClause NextIn(Random random)
    {
        InClause clause = new() { Attribute = Pick(random, Names) };
        int kind = random.Next(3);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            if (kind == 0)
                clause.Keywords.Add(Pick(random, Texts));
            else if (kind == 1)
                clause.Integers.Add(NextInteger(random));
            else
                clause.Bools.Add(random.Next(2) == 0);
        }
        return clause;
    }

    private static RangeClause NextRange(Random random)
    {
        int ends = random.Next(1, 4);
        return new RangeClause
        {
            Attribute = Pick(random, Names),
            From = (ends & 1) != 0 ? NextBound(random) : null,
            To = (ends & 2) != 0 ? NextBound(random) : null,
        };
    }

    private static RangeBound NextBound(Random random)
    {
        RangeBound bound = new() { Exclusive = random.Next(2) == 0 };
        switch (random.Next(4))
        {
            case 0:
                bound.Integer = NextInteger(random);
                break;
            case 1:
                bound.Real = random.Next(-5, 5); // Whole: must not come back as an integer.
                break;
            case 2:
                bound.Real = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300));
                break;
            default:
                bound.Real = random.Next(2) == 0 ? double.PositiveInfinity : double.NegativeInfinity;
                break;
        }
        return bound;
    }

    private static KeyColumn NextKeys(Random random)
    {
        KeyColumn keys = new();
        bool isNumber = random.Next(2) == 0;
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            if (isNumber)
                keys.Numbers.Add((ulong)random.NextInt64() << random.Next(2));
            else
                keys.Texts.Add(Pick(random, Texts));
        }
        return keys;
    }

    private static long NextInteger(Random random) => random.Next(4) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        2 => random.Next(-10, 10),
        _ => random.NextInt64(),
    };

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
