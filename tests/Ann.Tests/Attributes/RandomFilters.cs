using Ann.Core.Attributes;
using Ann.Core.Keys;
using Utf = System.Text.Encoding;

namespace Ann.Tests.Attributes;

/// <summary>Random attributes and filters, and what a filter means, item by item.</summary>
internal sealed class RandomFilters(int seed)
{
    private static readonly long[] Integers =
        [long.MinValue, long.MinValue + 1, -3, -1, 0, 1, 2, 7, 1000, long.MaxValue - 1, long.MaxValue];

    private static readonly double[] Doubles =
    [
        double.NegativeInfinity, double.MinValue, -2, -double.Epsilon, -0.0, 0.0, double.Epsilon, 1, 2, 7, 9007199254740992.0,
        9223372036854775808.0, double.MaxValue, double.PositiveInfinity,
    ];

    private readonly Random _random = new(seed);

    public static AttributeSchema Schema { get; } = new(
    [
        new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("sale", AttributeType.Bool), new("born", AttributeType.Timestamp),
    ]);

    public AttributeBatch Batch(int count)
    {
        AttributeBatch batch = new(Schema);
        for (int item = 0; item < count; item++)
            foreach (AttributeColumn column in batch.Columns)
                AddTo(column);
        return batch;
    }

    /// <summary>A tree that binds, also when it is written otherwise.</summary>
    public Filter Next(KeyKind keys, int items)
    {
        while (true)
        {
            Filter filter = Next(keys, items, 0);
            if (SizeOf(filter) <= 60)
                return filter;
        }
    }

    private static int SizeOf(Filter filter) => filter switch
    {
        Filter.AllOf all => 1 + all.Clauses.Sum(SizeOf),
        Filter.AnyOf any => 1 + any.Clauses.Sum(SizeOf),
        Filter.NoneOf none => 1 + SizeOf(none.Clause),
        _ => 1,
    };

    private Filter Next(KeyKind keys, int items, int depth)
    {
        switch (_random.Next(depth > 4 ? 7 : 12))
        {
            case 0:
                return new Filter.KeywordIn(_random.Next(2) == 0 ? "brand" : "tags", Some(Text));
            case 1:
                return new Filter.IntegerIn(_random.Next(2) == 0 ? "stock" : "born", Some(Integer));
            case 2:
                return new Filter.BoolIn("sale", Some(() => _random.Next(2) == 0));
            case 3:
                return Range();
            case 4:
                return Range();
            case 5:
                return new Filter.Exists(Schema.Fields[_random.Next(Schema.Count)].Name);
            case 6:
                KeyColumn column = new(keys);
                foreach (int key in Some(() => _random.Next(items + 5)))
                {
                    if (keys == KeyKind.UInt64)
                        column.Add((ulong)key);
                    else
                        column.Add($"k{key}");
                }
                return new Filter.KeyIn(column);
            case 7 or 8:
                return new Filter.AllOf(Clauses(keys, items, depth));
            case 9 or 10:
                return new Filter.AnyOf(Clauses(keys, items, depth));
            default:
                return new Filter.NoneOf(Next(keys, items, depth + 1));
        }
    }

    /// <summary>The same filter, written otherwise.</summary>
    public Filter Rewrite(Filter filter, int depth = 0)
    {
        Filter same = filter switch
        {
            Filter.AllOf all => new Filter.AllOf(Rewrite(all.Clauses, depth, rest => new Filter.AllOf(rest))),
            Filter.AnyOf any => new Filter.AnyOf(Rewrite(any.Clauses, depth, rest => new Filter.AnyOf(rest))),
            Filter.NoneOf none => new Filter.NoneOf(Rewrite(none.Clause, depth + 1)),
            Filter.KeywordIn one => one with { Values = Shuffled([.. one.Values, one.Values[0]]) },
            Filter.IntegerIn one => one with { Values = Shuffled([.. one.Values, one.Values[0]]) },
            _ => filter,
        };
        return depth > 1 ? same : _random.Next(8) switch
        {
            0 => new Filter.NoneOf(new Filter.NoneOf(same)),
            1 => new Filter.AllOf([same]),
            2 => new Filter.AnyOf([same, same]),
            _ => same,
        };
    }

    /// <summary>What a filter means, by its words alone.</summary>
    public static bool Takes(Filter filter, AttributeBatch? batch, int item, string key)
    {
        AttributeColumn? Column(string name)
        {
            AttributeColumn? column = batch?.Columns[Schema.Find(name)];
            return column is not null && column.Has(item) ? column : null;
        }
        switch (filter)
        {
            case Filter.AllOf all:
                return all.Clauses.All(clause => Takes(clause, batch, item, key));
            case Filter.AnyOf any:
                return any.Clauses.Any(clause => Takes(clause, batch, item, key));
            case Filter.NoneOf none:
                return !Takes(none.Clause, batch, item, key);
            case Filter.KeywordIn one:
                return Column(one.Attribute) is { } texts && Enumerable.Range(0, texts.TextCount(item))
                    .Any(i => one.Values.Contains(Utf.UTF8.GetString(texts.TextAt(item, i))));
            case Filter.IntegerIn one:
                return Column(one.Attribute) is { } numbers && one.Values.Contains(numbers.Int64At(item));
            case Filter.BoolIn one:
                return Column(one.Attribute) is { } bools && one.Values.Contains(bools.BoolAt(item));
            case Filter.Exists one:
                return Column(one.Attribute) is not null;
            case Filter.KeyIn one:
                return Enumerable.Range(0, one.Keys.Count).Any(row => one.Keys.Format(row) == key);
            case Filter.Between one:
                return Column(one.Attribute) is { } values && Holds(one.From, values, item, 1) && Holds(one.To, values, item, -1);
            default:
                throw new ArgumentException(filter.ToString());
        }
    }

    private static bool Holds(FilterBound? bound, AttributeColumn values, int item, int sign)
    {
        if (bound is null)
            return true;
        int order = values.Field.Type == AttributeType.Double
            ? CompareExactly(values.DoubleAt(item), bound)
            : values.Int64At(item).CompareTo(bound.Integer!.Value);
        return bound.IsExclusive ? order * sign > 0 : order * sign >= 0;
    }

    private static int CompareExactly(double value, FilterBound bound)
    {
        if (bound.Real is double real)
            return value < real ? -1 : value > real ? 1 : 0;
        if (double.IsInfinity(value) || Math.Abs(value) > 1e20)
            return value < 0 ? -1 : 1;
        Int128 floor = (Int128)Math.Floor(value);
        int order = floor.CompareTo((Int128)bound.Integer!.Value);
        return order == 0 && value != Math.Floor(value) ? 1 : order;
    }

    private Filter.Between Range()
    {
        string name = Pick(["stock", "born", "price", "price"]);
        while (true)
        {
            FilterBound? from = _random.Next(4) == 0 ? null : Bound(name);
            FilterBound? to = _random.Next(4) == 0 ? null : Bound(name);
            Filter.Between range = new(name, from, to);
            bool isOrdered = from is null || to is null || (from.Integer is long least && to.Integer is long most
                ? least <= most
                : (from.Real ?? from.Integer!.Value) <= (to.Real ?? to.Integer!.Value));
            if ((from is not null || to is not null) && isOrdered)
                return range;
        }
    }

    private FilterBound Bound(string name)
    {
        bool isExclusive = _random.Next(2) == 0;
        if (name != "price")
            return new FilterBound(Integer(), null, isExclusive);
        return _random.Next(3) == 0
            ? new FilterBound(_random.Next(3) == 0 ? 9007199254740993 : Integer(), null, isExclusive)
            : new FilterBound(null, Pick(Doubles), isExclusive);
    }

    private void AddTo(AttributeColumn column)
    {
        if (_random.Next(6) == 0)
        {
            column.AddMissing();
            return;
        }
        switch (column.Field.Type)
        {
            case AttributeType.Keyword:
                column.Add(Utf.UTF8.GetBytes(Text()));
                break;
            case AttributeType.KeywordSet:
                for (int i = _random.Next(4); i > 0; i--)
                    column.AddToSet(Utf.UTF8.GetBytes(Text()));
                column.EndSet();
                break;
            case AttributeType.Double:
                column.Add(_random.Next(4) == 0 ? _random.NextDouble() * 10 : Pick(Doubles));
                break;
            case AttributeType.Bool:
                column.Add(_random.Next(2) == 0);
                break;
            default:
                column.Add(Integer());
                break;
        }
    }

    private IReadOnlyList<Filter> Clauses(KeyKind keys, int items, int depth) =>
        [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Next(keys, items, depth + 1))];

    private List<Filter> Rewrite(IReadOnlyList<Filter> clauses, int depth, Func<IReadOnlyList<Filter>, Filter> nest)
    {
        List<Filter> same = Shuffled([.. clauses.Select(clause => Rewrite(clause, depth + 1))]);
        if (same.Count > 2 && _random.Next(2) == 0)
            return [same[0], nest(same[1..])];
        return same;
    }

    private List<T> Shuffled<T>(List<T> values)
    {
        _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values));
        return values;
    }

    private List<T> Some<T>(Func<T> next) => [.. Enumerable.Range(0, _random.Next(5) == 0 ? 12 : _random.Next(1, 5)).Select(_ => next())];

    private long Integer() => _random.Next(3) == 0 ? _random.NextInt64(-20, 20) : Pick(Integers);

    private string Text() => _random.Next(10) == 0 ? "" : $"t{_random.Next(40)}é";

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}
