using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>Finds out why an item is in the answer to a query, or not. Slow: it looks at every item, and may answer many times.</summary>
internal static class ExplainSearch
{
    /// <summary>
    /// Answers the query as <see cref="RankingSearch"/> does, and where the item is missing looks for the reason: in filter and exclusions,
    /// then by the exact answer, then by wider beams.
    /// </summary>
    /// <remarks>
    /// The reasons exclude each other, since the first that applies counts. Of an item that the exact answer lacks: a list that is full of
    /// items that are all nearer outranks it; else a cap whose value is full in that list keeps it out; else others took its place.
    /// </remarks>
    /// <param name="index">Held by the caller.</param>
    /// <param name="queries">The rows, one after another: one, or several of a union.</param>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="query">What is asked.</param>
    /// <param name="key">The item, of the index's kind.</param>
    /// <param name="exclusions">The parts of <see cref="RankingQuery.Excluded"/>, by name.</param>
    /// <param name="budget">When to stop early: <see cref="Explanation.Stopped"/>.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: as for <see cref="RankingSearch"/>; several rows without a union; a key of the other kind.
    /// </exception>
    public static Explanation Run(
        IndexSnapshot index, ReadOnlySpan<float> queries, int rows, RankingQuery query, in ItemKey key,
        IReadOnlyList<NamedExclusion> exclusions, in SearchBudget budget)
    {
        RankingSearch.Check(index, queries, rows, query);
        if (rows > 1 && query.Union is null)
            throw AnnException.Invalid("queries", $"there are {rows} query rows; one answer is explained: one row, or a union.");
        using ExplainedQuery asked = new(index, queries, query, in budget);
        using SnapshotSource source = asked.Source();
        if (!index.TryFind(in key, asked.At, out SearchHit hit))
            return ExplanationText.AddTo(new Explanation { Verdict = ExplainVerdict.NoSuchItem }, index, query, key.ToString());

        hit = hit with { Distance = asked.Scores.DistanceOf(index.RowOf(hit), out int row) };
        BoundFilter? filter = QuerySelection.FilterOf(index, query);
        IReadOnlyList<FailedClause> failed = filter is null ? [] : index.FailedClauses(filter, hit, asked.At);
        bool isExcluded = query.Excluded?.Contains(in key) ?? false;
        ItemSelection? among = failed.Count > 0 || isExcluded ? null : source.Items;
        long rank = ExactRank.Of(index, asked.At, among, asked.Scores, hit, in budget, out StopReason stopped);
        bool? isReachable = index.Segments[hit.Segment].Reaches(hit.Node, in budget);
        Explanation known = new()
        {
            Verdict = ExplainVerdict.Unknown,
            Distance = hit.Distance,
            Row = row,
            ExactRank = rank,
            FailedClauses = failed,
            ExcludedBy = NamesOf(exclusions, in key),
            IsReachable = isReachable ?? false,
            Stopped = FirstOf(source.Items.Stopped, FirstOf(stopped, isReachable is null ? budget.Check() : StopReason.None)),
        };
        if (known.Stopped == StopReason.None)
        {
            known = failed.Count > 0 ? known with { Verdict = ExplainVerdict.Filtered }
                : isExcluded ? known with { Verdict = ExplainVerdict.Excluded }
                : hit.Distance > query.FarthestOf(index.Metric, index.Dimension) ? known with { Verdict = ExplainVerdict.BelowMinScore }
                : ByAnswer(known, asked, source, index, query, hit);
        }
        return ExplanationText.AddTo(known, index, query, key.ToString());
    }

    /// <summary>The reason of an item that may be returned.</summary>
    private static Explanation ByAnswer(
        Explanation known, ExplainedQuery asked, SnapshotSource source, IndexSnapshot index, RankingQuery query, SearchHit hit)
    {
        RankingAnswer answer = asked.Answer();
        if (answer.Statistics.Stopped != StopReason.None)
            return known with { Stopped = answer.Statistics.Stopped };
        if (PlaceIn(answer, hit) is int place and >= 0)
            return known with { Verdict = ExplainVerdict.Returned, Position = place + 1 };
        if (asked.IsPlain)
            return known.ExactRank > query.K ? known with { Verdict = ExplainVerdict.Outranked } : ByWalk(known, asked, query, hit);

        RankingAnswer exact = query.Exact ? answer : asked.AnswerExactly();
        if (exact.Statistics.Stopped != StopReason.None)
            return known with { Stopped = exact.Statistics.Stopped };
        if (PlaceIn(exact, hit) >= 0)
            return ByWalk(known, asked, query, hit);
        if (exact.Hits.Count == query.K && exact.Hits.All(other => ExactRank.IsBefore(index, other, hit)))
            return known with { Verdict = ExplainVerdict.Outranked };
        int[] full = [.. FullCaps(source, query, exact, hit)];
        return full.Length > 0
            ? known with { Verdict = ExplainVerdict.Capped, CappedBy = full }
            : known with { Verdict = ExplainVerdict.Displaced };
    }

    /// <summary>The reason of an item that the exact answer has: looks for a beam that is wide enough.</summary>
    private static Explanation ByWalk(Explanation known, ExplainedQuery asked, RankingQuery query, SearchHit hit)
    {
        for (long ef = 2L * BeamWidthOf(query); ef <= SearchParameters.MaxEfSearch; ef *= 2)
        {
            RankingAnswer answer = asked.Answer((int)ef);
            if (answer.Statistics.Stopped != StopReason.None)
                return known with { Stopped = answer.Statistics.Stopped };
            if (PlaceIn(answer, hit) >= 0)
                return known with { Verdict = ExplainVerdict.MissedByWalk, NeededEf = (int)ef };
        }
        return known with { Verdict = known.IsReachable ? ExplainVerdict.MissedByWalk : ExplainVerdict.Unreachable };
    }

    /// <summary>The beam width that a query names, or has by default.</summary>
    internal static int BeamWidthOf(RankingQuery query) => new SearchParameters(query.K, query.EfSearch).BeamWidth;

    /// <summary>Caps of which an answer has as many items of a value of the item as it may have.</summary>
    private static IEnumerable<int> FullCaps(SnapshotSource source, RankingQuery query, RankingAnswer answer, SearchHit hit)
    {
        List<int> own = [];
        source.AddSlotsOf(hit, own);
        List<int> others = [];
        foreach (SearchHit other in answer.Hits)
            source.AddSlotsOf(other, others);
        return own.Where(slot => others.Count(other => other == slot) >= query.Caps[source.Slots[slot].Cap].Most)
            .Select(slot => source.Slots[slot].Cap).Distinct().Order();
    }

    private static int PlaceIn(RankingAnswer answer, SearchHit hit)
    {
        for (int place = 0; place < answer.Hits.Count; place++)
            if (answer.Hits[place].Segment == hit.Segment && answer.Hits[place].Node == hit.Node)
                return place;
        return -1;
    }

    private static List<string> NamesOf(IReadOnlyList<NamedExclusion> exclusions, in ItemKey key)
    {
        List<string> names = [];
        foreach (NamedExclusion exclusion in exclusions)
            if (exclusion.Keys.Contains(in key))
                names.Add(exclusion.Name);
        return names;
    }

    private static StopReason FirstOf(StopReason first, StopReason second) => first == StopReason.None ? second : first;
}
