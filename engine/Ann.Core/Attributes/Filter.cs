using Ann.Core.Keys;

namespace Ann.Core.Attributes;

/// <summary>
/// Which items may be returned: a tree. A clause on an attribute is false for an item that has no value of it. Checked against a schema
/// when it is bound; until then it may be nonsense.
/// </summary>
public abstract record Filter
{
    /// <summary>Most nodes of a tree.</summary>
    public const int MaxNodes = 256;

    /// <summary>Most levels of a tree.</summary>
    public const int MaxDepth = 16;

    /// <summary>Most clauses of one <see cref="AllOf"/> or <see cref="AnyOf"/>.</summary>
    public const int MaxClauses = 64;

    /// <summary>Most values in a tree, keys counted.</summary>
    public const int MaxValues = 100_000;

    private protected Filter()
    {
    }

    /// <summary>All clauses hold.</summary>
    public sealed record AllOf(IReadOnlyList<Filter> Clauses) : Filter;

    /// <summary>One clause holds.</summary>
    public sealed record AnyOf(IReadOnlyList<Filter> Clauses) : Filter;

    /// <summary>A clause does not hold.</summary>
    public sealed record NoneOf(Filter Clause) : Filter;

    /// <summary>A keyword is one of some; one element of a keyword set is.</summary>
    public sealed record KeywordIn(string Attribute, IReadOnlyList<string> Values) : Filter;

    /// <summary>A number or time is one of some.</summary>
    public sealed record IntegerIn(string Attribute, IReadOnlyList<long> Values) : Filter;

    /// <summary>A bool is one of some.</summary>
    public sealed record BoolIn(string Attribute, IReadOnlyList<bool> Values) : Filter;

    /// <summary>A number, double or time lies in a range. One bound at least.</summary>
    public sealed record Between(string Attribute, FilterBound? From, FilterBound? To) : Filter;

    /// <summary>The item has a value; an empty set is one.</summary>
    public sealed record Exists(string Attribute) : Filter;

    /// <summary>The item's key is one of some.</summary>
    internal sealed record KeyIn(KeyColumn Keys) : Filter;

    /// <summary>The item's key is one of some.</summary>
    /// <param name="keys">1 to <see cref="MaxValues"/>, all numbers or all strings, as the index has them. One may come twice.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: numbers and strings are mixed, or a string takes 0 or more than 256 bytes of UTF-8.
    /// </exception>
    public static Filter OfKeys(IEnumerable<AnnKey> keys) => new KeyIn(AnnKey.ToColumn(keys));
}

/// <summary>An end of a range.</summary>
/// <param name="Integer">For Int64, Timestamp and, as the same number, Double; null when <paramref name="Real"/> is set.</param>
/// <param name="Real">For Double; null when <paramref name="Integer"/> is set. Not NaN.</param>
/// <param name="IsExclusive">True when the value itself is not in the range.</param>
public sealed record FilterBound(long? Integer, double? Real, bool IsExclusive = false);
