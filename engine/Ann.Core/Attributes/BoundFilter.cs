using System.IO.Hashing;
using System.Text;
using Ann.Core.Keys;

namespace Ann.Core.Attributes;

/// <summary>
/// A filter that was checked against a schema, in a form that can be evaluated: nested conjunctions are one, values are sorted, each clause
/// is there once. Immutable; used by many threads.
/// </summary>
/// <param name="source">The filter as it was given.</param>
/// <param name="root">What is evaluated.</param>
/// <param name="canonical">What its hash is of.</param>
/// <param name="hash">Of those bytes.</param>
/// <param name="schema">What it was checked against.</param>
/// <param name="keyKind">What it was checked against.</param>
internal sealed class BoundFilter(
    Filter source, BoundClause root, byte[] canonical, ulong hash, AttributeSchema schema, KeyKind keyKind)
{
    /// <summary>
    /// Names the filter: equal for filters that differ in nothing but the order and repetition of clauses and values, brackets, and double
    /// negation. The same in every process and version.
    /// </summary>
    public ulong Hash => hash;

    /// <summary>The filter as it was given.</summary>
    public Filter Source => source;

    /// <summary>What it was checked against.</summary>
    public KeyKind KeyKind => keyKind;

    /// <summary>What <see cref="Hash"/> is of.</summary>
    public ReadOnlySpan<byte> Canonical => canonical;

    /// <summary>Bytes of memory that it takes, about.</summary>
    public long SizeInBytes => 3L * canonical.Length + 256;

    /// <summary>What it was checked against.</summary>
    public AttributeSchema Schema => schema;

    internal BoundClause Root => root;

    /// <summary>Checks a filter.</summary>
    /// <param name="filter">May be nonsense.</param>
    /// <param name="schema">The index's attributes.</param>
    /// <param name="keyKind">What the index's keys are.</param>
    /// <param name="field">How the caller spells it, as in <c>filter</c>: errors name clauses of it, as in
    /// <c>filter.all_of[1].range.from</c>.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: an unknown attribute, a value of another type than the attribute or the index's keys, a tree
    /// beyond the limits of <see cref="Filter"/>, a list without clauses or values, a range without bounds or from above to, NaN, a text
    /// that is too long.
    /// </exception>
    public static BoundFilter Bind(Filter filter, AttributeSchema schema, KeyKind keyKind, string field = "filter")
    {
        FilterLimits.Check(filter, field);
        (BoundClause root, byte[] canonical) = new FilterBinding(schema, keyKind, field).Bind(filter);
        return new BoundFilter(filter, root, canonical, XxHash3.HashToUInt64(canonical), schema, keyKind);
    }

    /// <summary>The same filter, checked against what an index is now.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: it does not fit any more.</exception>
    public BoundFilter For(AttributeSchema other, KeyKind kind, string field = "filter") =>
        kind == keyKind && (ReferenceEquals(other, schema) || other.Equals(schema)) ? this : Bind(source, other, kind, field);

    /// <summary>True when both take the same items by the same clauses. Compares contents, not hashes.</summary>
    public bool Is(BoundFilter other) =>
        ReferenceEquals(this, other) || (Hash == other.Hash && Canonical.SequenceEqual(other.Canonical));

    /// <summary>As a person reads it.</summary>
    public override string ToString() => TextOf(Root);

    /// <summary>The clauses that are false of a node, in the order of the request; none when the filter takes it. Slow.</summary>
    internal IReadOnlyList<FailedClause> FailedClauses(in SegmentNodes segment, int node)
    {
        List<BoundClause> failed = [];
        Root.AddFailed(in segment, node, failed);
        return [.. failed.OrderBy(static clause => clause.Number).Select(static clause => new FailedClause(clause.Path, TextOf(clause)))];
    }

    private static string TextOf(BoundClause clause)
    {
        StringBuilder text = new();
        clause.Describe(text);
        return text.ToString();
    }
}

/// <summary>A clause that is false of an item.</summary>
/// <param name="Path">Where it is in the filter, from the root: <c>all_of[1].any_of</c>.</param>
/// <param name="Text">What it says, for a person.</param>
internal sealed record FailedClause(string Path, string Text);
