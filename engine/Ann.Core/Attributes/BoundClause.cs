using System.Text;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Attributes;

/// <summary>A clause of a bound filter. Immutable; used by many threads.</summary>
internal abstract class BoundClause
{
    /// <summary>Where it is in the request's tree, from the root: <c>all_of[1].range</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Number of its node in the request's tree, in the order of writing: also its place in a scratch.</summary>
    public required int Number { get; init; }

    /// <summary>How dear it is to evaluate, by a rough order: the cheap ones first.</summary>
    public abstract int Cost { get; }

    /// <summary>Looks up what does not change from node to node of a segment.</summary>
    public virtual void Prepare(in SegmentNodes segment, FilterScratch scratch)
    {
    }

    /// <summary>Writes which nodes of a chunk it holds of. Bits beyond the last node may be anything.</summary>
    /// <param name="chunk">The nodes.</param>
    /// <param name="scratch">Prepared.</param>
    /// <param name="level">First level of <paramref name="scratch"/> that is free.</param>
    /// <param name="words">One for each 64 nodes begun.</param>
    public abstract void Evaluate(in NodeChunk chunk, FilterScratch scratch, int level, Span<ulong> words);

    /// <summary>True when it holds of one node. For people: slow.</summary>
    public abstract bool Holds(in SegmentNodes segment, int node);

    /// <summary>Adds the clauses that are false of a node, from those that are. All of a conjunction, one of anything else.</summary>
    public virtual void AddFailed(in SegmentNodes segment, int node, List<BoundClause> failed)
    {
        if (!Holds(in segment, node))
            failed.Add(this);
    }

    /// <summary>As a person reads it.</summary>
    public abstract void Describe(StringBuilder text);
}

/// <summary>From keys to nodes of a segment and back: all that a filter asks of a segment beside its attributes.</summary>
internal interface INodeLookup
{
    /// <summary>What keys are.</summary>
    KeyKind KeyKind { get; }

    /// <summary>
    /// The node of a key that a reader may see; −1 when it sees none. A node that is dead may be given too. In a segment that gets no
    /// further nodes it is the same for every reader, so that what is made of it may be kept.
    /// </summary>
    int Locate(in ItemKey key, ReadPoint at);

    /// <summary>The key of a node. Valid while the segment is held.</summary>
    ItemKey KeyOf(int node);
}

/// <summary>A segment as a reader sees it.</summary>
/// <param name="Table">Attributes of its nodes; null when they have none.</param>
/// <param name="Keys">Those of its nodes; held by the caller.</param>
/// <param name="At">What the reader sees.</param>
internal readonly record struct SegmentNodes(AttributeTable? Table, INodeLookup Keys, ReadPoint At);

/// <summary>Some consecutive nodes of a segment.</summary>
/// <param name="Table">Attributes of the segment's nodes; null when they have none.</param>
/// <param name="First">A multiple of 64.</param>
/// <param name="Count">1 to <see cref="FilterScratch.ChunkNodes"/>.</param>
internal readonly record struct NodeChunk(AttributeTable? Table, int First, int Count)
{
    /// <summary>The node behind the last one.</summary>
    public int End => First + Count;

    /// <summary>Which of the nodes have a value. The table is there.</summary>
    public ReadOnlySpan<ulong> Presence(int column) => Table!.Presence(column, End)[(First / 64)..];
}

/// <summary>All of some clauses, or one of them at least.</summary>
/// <param name="clauses">Two at least.</param>
/// <param name="isAll">True for all.</param>
internal sealed class ListClause(BoundClause[] clauses, bool isAll) : BoundClause
{
    private readonly BoundClause[] _clauses =
        [.. clauses.OrderBy(static clause => clause.Cost).ThenBy(static clause => clause.Number)];

    public override int Cost { get; } = 10 + clauses.Sum(static clause => clause.Cost);

    public override void Prepare(in SegmentNodes segment, FilterScratch scratch)
    {
        foreach (BoundClause clause in _clauses)
            clause.Prepare(in segment, scratch);
    }

    public override void Evaluate(in NodeChunk chunk, FilterScratch scratch, int level, Span<ulong> words)
    {
        _clauses[0].Evaluate(in chunk, scratch, level, words);
        Span<ulong> other = scratch.Level(level, words.Length);
        ulong settled = isAll ? 0 : ulong.MaxValue; // no further clause changes such a word
        foreach (BoundClause clause in _clauses.AsSpan(1))
        {
            if (!words.ContainsAnyExcept(settled))
                return;
            clause.Evaluate(in chunk, scratch, level + 1, other);
            if (isAll)
            {
                for (int i = 0; i < words.Length; i++)
                    words[i] &= other[i];
                continue;
            }
            for (int i = 0; i < words.Length; i++)
                words[i] |= other[i];
        }
    }

    public override bool Holds(in SegmentNodes segment, int node)
    {
        foreach (BoundClause clause in _clauses)
            if (clause.Holds(in segment, node) != isAll)
                return !isAll;
        return isAll;
    }

    public override void AddFailed(in SegmentNodes segment, int node, List<BoundClause> failed)
    {
        if (!isAll)
        {
            base.AddFailed(in segment, node, failed);
            return;
        }
        foreach (BoundClause clause in _clauses)
            clause.AddFailed(in segment, node, failed);
    }

    /// <summary>In brackets, in the order of the request.</summary>
    public override void Describe(StringBuilder text)
    {
        string open = "(";
        foreach (BoundClause clause in _clauses.OrderBy(static clause => clause.Number))
        {
            text.Append(open);
            clause.Describe(text);
            open = isAll ? " and " : " or ";
        }
        text.Append(')');
    }
}

/// <summary>A clause does not hold.</summary>
internal sealed class NoneOfClause(BoundClause clause) : BoundClause
{
    public override int Cost { get; } = 1 + clause.Cost;

    public override void Prepare(in SegmentNodes segment, FilterScratch scratch) => clause.Prepare(in segment, scratch);

    public override void Evaluate(in NodeChunk chunk, FilterScratch scratch, int level, Span<ulong> words)
    {
        clause.Evaluate(in chunk, scratch, level, words);
        for (int i = 0; i < words.Length; i++)
            words[i] = ~words[i];
    }

    public override bool Holds(in SegmentNodes segment, int node) => !clause.Holds(in segment, node);

    public override void Describe(StringBuilder text)
    {
        text.Append("not ");
        clause.Describe(text);
    }
}
