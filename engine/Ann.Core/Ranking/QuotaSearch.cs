using System.Buffers;
using System.Numerics;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>
/// One list under caps, floors and diversity, of one row or the union of several: searches for the nearest, chooses, and searches on for
/// what the choice lacks.
/// </summary>
/// <remarks>
/// The first search brings the k nearest, with several quotas half as many again to choose from, with diversity its candidates. While
/// the list is short, the next search refuses the values that are full; while a floor lacks items, the next looks among its kind. Each
/// search asks for more than the candidates that it would find again, so each brings something new or shows that there is nothing: with
/// caps alone a list of k takes k rounds at worst, and a handful in practice, as each round asks for twice as much as the one before.
/// When that leads nowhere and the list still falls short of what it may not, a few more searches look for items that could change places
/// with chosen ones: those of one cap's full values, those of several floors at once, then simply the nearest, up to four times k or
/// 2,048 of them, and last what fits where one chosen item goes.
/// A full list may still lose to one with an item that no search came by: one that is worse than each of the list, but lets several better
/// ones in. While prices (<see cref="QuotaPrices"/>) leave room for a gain of more than 1 %, the next search brings as many again of what
/// such an item would be, up to the same number of candidates.
/// Choosing takes <see cref="MostWork"/> units over all rounds at most; each round starts from the choice before it. A list that is short
/// then, without proof that none is fuller, says so (<see cref="RankedList.IsFullest"/>).
/// Where negatives count against what is near a positive, the nearest come in no order of their scores. An exact search looks at every item
/// then; another widens as above, and looks at every item where that leaves doubt and there are not too many.
/// </remarks>
/// <param name="source">Where candidates come from.</param>
/// <param name="query">What is asked; checked.</param>
/// <param name="queries">The rows, one after another.</param>
/// <param name="scores">Gives an item its distance and row; null for one row.</param>
/// <param name="budget">Looked at between the rounds, and by each search.</param>
internal sealed class QuotaSearch(
    ICandidateSource source, RankingQuery query, ReadOnlyMemory<float> queries, ExampleScores? scores, SearchBudget budget)
{
    private const int FirstExtra = 16;
    private const int MostDetours = 4;
    private const int MostExchanges = 32;
    private const int MostFloorPairs = 32;
    private const int MostFloorRounds = 6;
    private const int DeepCandidates = 2048;
    private const long MostScanned = 1 << 22; // distances
    private const long MostWork = 4_000_000;
    private const double GainInDoubt = 0.01; // half of the loss that a list may have

    private readonly int _rows = queries.Length / source.Dimension;
    private readonly CandidatePool _pool = new(source, query, queries.Length / source.Dimension, scores);
    private readonly float? _farthest = query.FarthestOf(source.Metric, source.Dimension);
    private readonly SearchReach _reach = new(
        queries.Length / source.Dimension, query.Floors.Count, query.FarthestOf(source.Metric, source.Dimension));

    private readonly QuotaWork _work = new(budget, MostWork);
    private SearchStatistics _statistics;
    private int _searches;
    private bool _scans = query.Exact && scores is { HasNegatives: true };
    private bool _isExhausted;
    private bool _isFullest = true;
    private int[] _chosen = [];
    private int _detours;
    private bool _soughtExchanges;
    private bool _reachedFarther;

    /// <summary>
    /// With one cap, of one value an item, the nearest that fits is always best. Of several rows, one may fill the list with farther items
    /// than another has behind its full values: then each is asked for more. Where negatives count, what is nearest to a positive need not
    /// be best, unless a scan finds the items in the order of their scores.
    /// </summary>
    private bool IsGreedyBest => query.Floors.Count == 0 && !source.Slots.HasSets && !_pool.HasRowFloors && (_scans || !HasNegatives)
        && query.Caps.Count <= (_scans || _rows == 1 ? 1 : 0);

    private bool HasNegatives => scores is { HasNegatives: true };

    /// <summary>
    /// True when a list that takes one search is the answer of that search, so that its recall is known: curves are of the nearest alone.
    /// </summary>
    private bool IsOfNearest => query.Diversity is null && query.Union is null && scores is null;

    private bool IsStopped => _statistics.Stopped != StopReason.None;

    /// <summary>Runs all of it.</summary>
    /// <param name="list">Number of the list, for its facts.</param>
    public RankedList Run(int list)
    {
        (QuotaProblem problem, QuotaChoice choice) = Search(out bool isInDoubt);
        if (isInDoubt && HasNegatives && !_scans && !IsStopped && source.Matching * scores!.Count <= MostScanned)
        {
            _scans = true;
            (problem, choice) = Search(out _);
        }
        int[] items = choice.Items;
        if (query.Diversity is { } diversity && problem.Count > 0)
        {
            using RowSimilarities similarities = new(source, _pool);
            items = DiverseSelection.Run(problem, choice, diversity.Lambda, similarities, in budget, out StopReason stopped, _work);
            _statistics.Stopped = IsStopped ? _statistics.Stopped : stopped;
        }
        return ToList(problem, items, list);
    }

    /// <summary>Searches for candidates and chooses from them, until the choice cannot become better to speak of.</summary>
    /// <param name="isInDoubt">True when it might have, but for the limits of such searches.</param>
    private (QuotaProblem Problem, QuotaChoice Choice) Search(out bool isInDoubt)
    {
        _isExhausted = true;
        for (int row = 0; row < (_scans ? 1 : _rows); row++)
            Fetch(row, Refinement.None, FirstWant(), isNeeded: false);
        bool isExhausted = _isExhausted; // all that may be returned is here
        while (!isExhausted && !IsStopped && ArePlacesInDoubt && Deepen(Refinement.None, isNeeded: false))
            continue;
        QuotaProblem problem = _pool.ToProblem();
        QuotaChoice choice = Choose(problem);
        for (int round = 0; !isExhausted && !IsStopped && IsShort(choice) && Widen(problem, choice, round); round++)
        {
            problem = _pool.ToProblem();
            choice = Choose(problem);
        }
        isInDoubt = false;
        while (!isExhausted && !IsStopped && !IsGreedyBest && (isInDoubt = IsInDoubt(problem, choice, out Refinement next))
            && Deepen(next, isNeeded: false))
        {
            problem = _pool.ToProblem();
            choice = Choose(problem);
        }
        isInDoubt |= !isExhausted && (ArePlacesInDoubt || IsShort(choice));
        _isFullest = IsMet(choice) || (isExhausted && choice.IsProven) || IsProvenShort(choice)
            || (query.Floors.Count == 0 && query.Caps.Count <= 1 && !source.Slots.HasSets); // what fits beside any choice fits beside all
        return (problem, choice);
    }

    private QuotaChoice Choose(QuotaProblem problem)
    {
        QuotaChoice choice = QuotaSelection.Run(problem, work: _work, known: _pool.ItemsAt(_chosen));
        _chosen = Array.ConvertAll(choice.Items, _pool.PlaceOf);
        if (!IsStopped)
            _statistics.Stopped = _work.Stopped;
        return choice;
    }

    /// <summary>True when a list is full, and its floors lack nothing.</summary>
    private bool IsMet(QuotaChoice choice)
    {
        bool isMet = choice.Value.Count == query.K;
        for (int floor = 0; floor < query.Floors.Count; floor++)
            isMet &= choice.Missing[floor] == 0;
        return isMet;
    }

    /// <summary>True when an item that no search came by may be among the nearest that diversity chooses from.</summary>
    private bool ArePlacesInDoubt => query.Diversity is { } diversity && HasNegatives
        && _pool.DistanceOfNth(diversity.Candidates) > _reach.Nearest();

    private bool IsShort(QuotaChoice choice) => choice.Value.Count < query.K || choice.Value.Missing > 0;

    private int FirstWant()
    {
        if (query.Diversity is { } diversity)
            return diversity.Candidates;
        return IsGreedyBest ? query.K : Math.Min(SearchParameters.MaxK, query.K + query.K / 2
            + FirstExtra);
    }

    /// <summary>Searches for what a choice lacks.</summary>
    /// <returns>False when there is nothing more.</returns>
    private bool Widen(QuotaProblem problem, QuotaChoice choice, int round)
    {
        if (budget.Check() is StopReason reason and not StopReason.None)
        {
            _statistics.Stopped = reason;
            return false;
        }
        int extra = FirstExtra << Math.Min(round, 10);
        int[] full = [.. Enumerable.Range(0, problem.SlotCount).Where(slot => choice.FullSlots[slot])];
        bool grew = false;
        if (choice.Value.Count < query.K)
            grew |= FetchAll(new Refinement(full, 0), query.K - choice.Value.Count + extra);
        for (int floor = 0; floor < query.Floors.Count; floor++)
            if (choice.Missing[floor] > 0 && round < MostFloorRounds)
                grew |= FetchAll(new Refinement(full, 1u << floor), choice.Missing[floor] + extra);
        for (int floor = query.Floors.Count; floor < choice.Missing.Length; floor++)
            if (choice.Missing[floor] > 0 && round < MostFloorRounds)
                grew |= FetchMore(floor - query.Floors.Count, new Refinement(full, 0), choice.Missing[floor] + extra);
        if (grew || IsProvenShort(choice))
            return grew;
        return (_detours++ < MostDetours && WidenByDetours(choice, full, extra))
            || Deepen(Refinement.None, isNeeded: true)
            || WidenByExchanges(problem, choice, full);
    }

    /// <summary>Once: searches for what fits where one of the chosen items is let go. Two of these may come for one.</summary>
    private bool WidenByExchanges(QuotaProblem problem, QuotaChoice choice, int[] full)
    {
        if (_soughtExchanges || choice.Value.Count == query.K)
            return false;
        _soughtExchanges = true;
        bool grew = false;
        for (int i = choice.Items.Length - 1, sought = 0; i >= 0 && sought < MostExchanges && !IsStopped; i--)
        {
            int[] slots = problem.SlotsOf(choice.Items[i]).ToArray();
            int[] others = [.. full.Except(slots)];
            if (others.Length == full.Length)
                continue;
            sought++;
            grew |= FetchAll(new Refinement(others, 0), 2 * FirstExtra);
        }
        return grew;
    }

    /// <summary>True when the list is long enough, and floors lack only what no further candidate can bring.</summary>
    private bool IsProvenShort(QuotaChoice choice)
    {
        bool isWhole = true;
        bool isProven = choice.Value.Count == query.K;
        for (int floor = 0; floor < choice.Missing.Length; floor++)
        {
            bool isThere = floor < query.Floors.Count && _reach.IsWhole(floor);
            isWhole &= isThere;
            isProven &= choice.Missing[floor] == 0 || isThere;
        }
        return isProven && choice.Value.Missing == (isWhole ? choice.LeastMissing : choice.LeastMissingApart);
    }

    /// <summary>
    /// True when an item that no search came by may be nearer than a chosen one, or may be part of a choice that is better by more than
    /// what is let pass. Diversity has its own order: it chooses from its candidates, and from what makes the list as full as can be.
    /// </summary>
    private bool IsInDoubt(QuotaProblem problem, QuotaChoice choice, out Refinement next)
    {
        next = Refinement.None;
        if (choice.Items.Length == 0 || query.Diversity is not null)
            return false;
        if (_pool.HitOf(choice.Items[^1]).Distance > _reach.Nearest())
            return true;
        if (choice.Prices is not { } prices)
            return false; // the best of the candidates by themselves, or as a matroid has them: what is worse than each cannot better them
        double unknown = _reach.Best(prices.Floors, _pool.ScoreOf, out next);
        return prices.BoundWith(unknown, choice.Value.Count) > choice.Value.Score + GainInDoubt * Math.Abs(choice.Value.Score);
    }

    /// <summary>Searches for as many again as there are candidates of a refinement: of all, or of a floor's kind.</summary>
    private bool Deepen(Refinement refinement, bool isNeeded)
    {
        if (_pool.Count >= Math.Max(DeepCandidates, 4L * query.K))
            return false;
        _reachedFarther = false;
        return FetchAll(refinement, Math.Max(_pool.CountOf(refinement), FirstExtra), isNeeded) || _reachedFarther;
    }

    /// <summary>Searches for items that could take the place of chosen ones, and let others in thereby.</summary>
    private bool WidenByDetours(QuotaChoice choice, int[] full, int extra)
    {
        bool grew = false;
        uint[] kinds = [.. Kinds(choice)];
        for (int cap = 0; cap < query.Caps.Count && !IsStopped; cap++)
        {
            int[] others = [.. full.Where(slot => source.Slots[slot].Cap != cap)];
            if (others.Length == full.Length)
                continue;
            foreach (uint kind in kinds)
                grew |= FetchAll(new Refinement(others, kind), extra);
        }
        foreach (uint kind in kinds)
        {
            grew |= FetchAll(new Refinement(full, kind), extra);
            grew |= FetchAll(new Refinement([], kind), extra);
        }
        return grew;
    }

    /// <summary>
    /// What items are looked for: any when the list is short, else those of each floor that lacks some, alone and with another.
    /// </summary>
    private IEnumerable<uint> Kinds(QuotaChoice choice)
    {
        uint missing = 0;
        for (int floor = 0; floor < query.Floors.Count; floor++)
            missing |= choice.Missing[floor] > 0 ? 1u << floor : 0;
        if (choice.Value.Count < query.K || missing == 0)
            yield return 0;
        int pairs = 0;
        for (uint left = missing; left != 0; left &= left - 1)
        {
            uint one = left & ~(left - 1);
            yield return one;
            for (int other = 0; other < query.Floors.Count && pairs < MostFloorPairs; other++)
                if (1u << other != one && pairs++ < MostFloorPairs)
                    yield return one | 1u << other;
        }
        uint all = (uint)((1UL << query.Floors.Count) - 1);
        if (missing != 0 && BitOperations.PopCount(all) > 2)
            yield return all;
    }

    private bool FetchAll(Refinement refinement, int more, bool isNeeded = true)
    {
        bool grew = false;
        int there = _pool.CountOf(refinement);
        for (int row = 0; row < (_scans ? 1 : _rows) && !IsStopped; row++)
            grew |= Fetch(row, refinement, there + more, isNeeded);
        return grew;
    }

    private bool FetchMore(int row, Refinement refinement, int more) =>
        !IsStopped && Fetch(row, refinement, _pool.CountOf(refinement) + more, isNeeded: true);

    private bool Fetch(int row, Refinement refinement, int want, bool isNeeded)
    {
        if (IsStopped)
            return false;
        int k = Math.Min(want, SearchParameters.MaxK);
        SearchHit[] hits = ArrayPool<SearchHit>.Shared.Rent(k);
        try
        {
            int count = _scans
                ? source.Best(scores!, in budget, refinement, hits.AsSpan(0, k), out SearchStatistics cost)
                : Nearest(row, refinement, hits.AsSpan(0, k), out cost);
            Costs.Add(ref _statistics, in cost);
            _statistics.EstimatedRecall = _searches++ == 0 && IsOfNearest ? cost.EstimatedRecall : double.NaN;
            _isExhausted &= count < k || hits[count - 1].Distance > _farthest;
            for (int of = _scans ? 0 : row; of < (_scans ? _rows : row + 1); of++)
                _reachedFarther |= _reach.Note(of, refinement, hits.AsSpan(0, count), isAll: count < k);
            StopReason stopped = _statistics.Stopped;
            bool grew = _pool.Offer(hits.AsSpan(0, count), isNeeded, in budget, ref stopped);
            _statistics.Stopped = stopped;
            return grew;
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(hits);
        }
    }

    private int Nearest(int row, Refinement refinement, Span<SearchHit> hits, out SearchStatistics cost)
    {
        int ef = query.Exact || query.EfSearch == 0 ? 0 : Math.Clamp(query.EfSearch, hits.Length, SearchParameters.MaxEfSearch);
        SearchParameters parameters = query.Parameters with { K = hits.Length, EfSearch = ef };
        ReadOnlySpan<float> vector = queries.Span.Slice(row * source.Dimension, source.Dimension);
        return source.Nearest(vector, in parameters, in budget, refinement, hits, out cost);
    }

    private RankedList ToList(QuotaProblem problem, int[] items, int list)
    {
        if (_searches == 0)
            _statistics.EstimatedRecall = double.NaN;
        QuotaState state = new(problem);
        state.Reset(items);
        List<QuotaFact> facts = [];
        int last = items.Length < query.K ? problem.Count : items.Max();
        int[] keptOut = new int[problem.SlotCount];
        for (int item = 0; item < last; item++)
        {
            foreach (int slot in problem.SlotsOf(item))
                keptOut[slot] += !state.Has(item) && state.FreeOf(slot) <= 0 ? 1 : 0;
        }
        foreach (int slot in Enumerable.Range(0, keptOut.Length).OrderBy(slot => problem.CapOf(slot)))
            if (keptOut[slot] > 0)
                facts.Add(new QuotaFact(list, problem.CapOf(slot), -1, source.Slots.TextOf(slot), keptOut[slot]));
        for (int floor = 0; floor < query.Floors.Count; floor++)
            if (state.MissingOf(floor) > 0)
                facts.Add(new QuotaFact(list, -1, floor, "", state.MissingOf(floor)));
        return new RankedList([.. items.Select(_pool.HitOf)], [.. items.Select(_pool.RowOf)], facts, _statistics, _isFullest);
    }
}

/// <summary>A list, and how it came about.</summary>
/// <param name="Hits">In their order.</param>
/// <param name="Rows">The row that each is nearest to.</param>
/// <param name="Facts">What caps and floors did.</param>
/// <param name="Statistics">Sums over the searches.</param>
/// <param name="IsFullest">False when the list is short, and a fuller one may exist.</param>
internal sealed record RankedList(SearchHit[] Hits, int[] Rows, List<QuotaFact> Facts, SearchStatistics Statistics, bool IsFullest);

/// <summary>Sums of what searches cost.</summary>
internal static class Costs
{
    /// <summary>Adds one: the plan is that of the first, the stop of the first that was stopped.</summary>
    public static void Add(ref SearchStatistics sum, in SearchStatistics cost)
    {
        sum.Visited += cost.Visited;
        sum.Expanded += cost.Expanded;
        sum.Reranked += cost.Reranked;
        sum.EfSearch = Math.Max(sum.EfSearch, cost.EfSearch);
        if (sum.Plan == default)
            sum.Plan = cost.Plan;
        if (sum.Stopped == StopReason.None)
            sum.Stopped = cost.Stopped;
    }
}
