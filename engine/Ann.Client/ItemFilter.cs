using Ann.Protocol.V1;

namespace Ann.Client;

/// <summary>
/// Which items may be returned: clauses, joined by <c>&amp;</c>, <c>|</c> and <c>!</c>. A clause on an attribute is false for an item that
/// has no value of it. At most 256 clauses, 16 levels deep, with 100,000 values in all: the server says so where there are more. Does not
/// change, and may be used by any number of searches at once.
/// </summary>
/// <example><code>ItemFilter.In("brand", "acme") &amp; ItemFilter.Range("price", to: 99.5) &amp; !ItemFilter.Is("x", true)</code></example>
public sealed class ItemFilter
{
    private ItemFilter(Filter wire) => Wire = wire;

    /// <summary>As the protocol has it. Not to be changed.</summary>
    public Filter Wire { get; }

    /// <summary>A filter of the protocol.</summary>
    /// <param name="wire">Not to be changed any more.</param>
    public static ItemFilter From(Filter wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        return new ItemFilter(wire);
    }

    /// <summary>A KEYWORD is one of these texts, or an element of a KEYWORD_SET is.</summary>
    public static ItemFilter In(string attribute, params ReadOnlySpan<string> values)
    {
        InClause clause = new() { Attribute = attribute };
        foreach (string value in values)
            clause.Keywords.Add(value);
        return new ItemFilter(new Filter { In = clause });
    }

    /// <summary>An INT64 is one of these numbers.</summary>
    public static ItemFilter In(string attribute, params ReadOnlySpan<long> values)
    {
        InClause clause = new() { Attribute = attribute };
        foreach (long value in values)
            clause.Integers.Add(value);
        return new ItemFilter(new Filter { In = clause });
    }

    /// <summary>A BOOL is this.</summary>
    public static ItemFilter Is(string attribute, bool value) =>
        new(new Filter { In = new InClause { Attribute = attribute, Bools = { value } } });

    /// <summary>A DOUBLE lies in a range; at least one end.</summary>
    /// <param name="attribute">Its name.</param>
    /// <param name="from">From here on; null for no lower end.</param>
    /// <param name="to">Up to here; null for no upper end.</param>
    public static ItemFilter Range(string attribute, double? from = null, double? to = null) =>
        Between(attribute, from is { } low ? new RangeBound { Real = low } : null, to is { } high ? new RangeBound { Real = high } : null);

    /// <summary>An INT64 lies in a range, or a DOUBLE.</summary>
    /// <inheritdoc cref="Range(string, double?, double?)"/>
    public static ItemFilter Range(string attribute, long? from = null, long? to = null) =>
        Between(attribute, BoundOf(from), BoundOf(to));

    /// <summary>A TIMESTAMP lies in a range.</summary>
    /// <inheritdoc cref="Range(string, double?, double?)"/>
    public static ItemFilter Range(string attribute, DateTimeOffset? from = null, DateTimeOffset? to = null) =>
        Between(attribute, BoundOf(Microseconds(from)), BoundOf(Microseconds(to)));

    /// <summary>An item has a value of the attribute. An empty set is one.</summary>
    public static ItemFilter Exists(string attribute) => new(new Filter { Exists = attribute });

    /// <summary>An item's key is one of these.</summary>
    public static ItemFilter KeyIn(ItemKeys keys) => new(new Filter { Keys = keys.ToWire() });

    /// <summary>All of them hold.</summary>
    /// <param name="filters">1 to 64.</param>
    public static ItemFilter All(params ReadOnlySpan<ItemFilter> filters) => new(new Filter { AllOf = ListOf(filters) });

    /// <summary>One of them holds.</summary>
    /// <param name="filters">1 to 64.</param>
    public static ItemFilter Any(params ReadOnlySpan<ItemFilter> filters) => new(new Filter { AnyOf = ListOf(filters) });

    /// <summary>It does not hold.</summary>
    public static ItemFilter Not(ItemFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return new ItemFilter(new Filter { NoneOf = filter.Wire });
    }

    /// <summary>Both hold.</summary>
    public static ItemFilter operator &(ItemFilter left, ItemFilter right) => All(left, right);

    /// <summary>One of both holds.</summary>
    public static ItemFilter operator |(ItemFilter left, ItemFilter right) => Any(left, right);

    /// <summary>It does not hold.</summary>
    public static ItemFilter operator !(ItemFilter filter) => Not(filter);

    /// <summary>Both hold. The method of the operator.</summary>
    public static ItemFilter BitwiseAnd(ItemFilter left, ItemFilter right) => left & right;

    /// <summary>One of both holds. The method of the operator.</summary>
    public static ItemFilter BitwiseOr(ItemFilter left, ItemFilter right) => left | right;

    /// <summary>It does not hold. The method of the operator.</summary>
    public static ItemFilter LogicalNot(ItemFilter filter) => Not(filter);

    /// <inheritdoc/>
    public override string ToString() => Wire.ToString();

    private static FilterList ListOf(ReadOnlySpan<ItemFilter> filters)
    {
        FilterList list = new();
        foreach (ItemFilter filter in filters)
            list.Clauses.Add(filter.Wire);
        return list;
    }

    private static ItemFilter Between(string attribute, RangeBound? from, RangeBound? to)
    {
        RangeClause clause = new() { Attribute = attribute };
        if (from is not null)
            clause.From = from;
        if (to is not null)
            clause.To = to;
        return new ItemFilter(new Filter { Range = clause });
    }

    private static RangeBound? BoundOf(long? value) => value is { } number ? new RangeBound { Integer = number } : null;

    private static long? Microseconds(DateTimeOffset? time) =>
        time is { } one ? (one - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : null;
}
