using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>What a query may return: found out for it, or before it. Disposing lets go of what was found out for it.</summary>
internal readonly struct QuerySelection : IDisposable
{
    private readonly bool _isOwned;

    private QuerySelection(ItemSelection? items, bool isOwned, TimeSpan took)
    {
        Items = items;
        _isOwned = isOwned;
        Took = took;
    }

    /// <summary>The items; null when all may be returned.</summary>
    public ItemSelection? Items { get; }

    /// <summary>Time it took to find out.</summary>
    public TimeSpan Took { get; }

    /// <summary>Finds out, unless the query knows.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="query">Its filter is checked here.</param>
    /// <param name="at">What is seen; of a query that knows, as of the write of what it knows.</param>
    /// <param name="budget">When to stop early.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a filter; names the clause.</exception>
    public static QuerySelection Of(IndexSnapshot index, RankingQuery query, ReadPoint at, in SearchBudget budget)
    {
        if (query.Selected is { } known)
            return new QuerySelection(known, isOwned: false, TimeSpan.Zero);
        long start = Stopwatch.GetTimestamp();
        ItemSelection? found = SelectionEvaluation.Run(index, at, FilterOf(index, query), query.Excluded, in budget);
        return new QuerySelection(found, isOwned: true, found is null ? TimeSpan.Zero : Stopwatch.GetElapsedTime(start));
    }

    /// <summary>The filter of a query, checked against an index; null for none.</summary>
    public static BoundFilter? FilterOf(IndexSnapshot index, RankingQuery query) =>
        query.Prepared ?? (query.Filter is null ? null : index.Bind(query.Filter));

    /// <summary>An answer with what the selection was.</summary>
    public RankingAnswer AddTo(RankingAnswer answer) =>
        Items is null ? answer : answer with { Matching = Items.Matching, Selectivity = Items.Selectivity, Selecting = Took };

    public void Dispose()
    {
        if (_isOwned)
            Items?.Dispose();
    }
}
