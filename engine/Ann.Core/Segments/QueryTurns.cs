using System.Runtime.CompilerServices;
using Ann.Core.Codes;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// The walks that take turns on one thread: a step of each, and while the others step, the memory that its next step reads arrives.
/// </summary>
[InlineArray(Count)]
internal struct QueryTurns<TScorer, TFilter>
    where TScorer : struct, INodeScorer
    where TFilter : struct, INodeFilter
{
    /// <summary>Walks at once. With fewer, memory is waited for; with more, what was fetched is pushed out before its turn.</summary>
    public const int Count = 6;

    private QueryTurn<TScorer, TFilter> _first;
}

/// <summary>One walk in the fast layout, and whose it is.</summary>
internal struct QueryTurn<TScorer, TFilter>
    where TScorer : struct, INodeScorer
    where TFilter : struct, INodeFilter
{
    /// <summary>Number of the query.</summary>
    public int Query;

    /// <summary>Scratch of the query; null when nobody has this turn.</summary>
    public QueryContext? Context;

    /// <summary>The query by codes.</summary>
    public Int8Query Coded;

    /// <summary>The walk.</summary>
    public BlockWalk<TScorer, TFilter> Walk;

    /// <summary>True when the walk has ended and the rows of the rerank were asked for.</summary>
    public bool Ended;
}
