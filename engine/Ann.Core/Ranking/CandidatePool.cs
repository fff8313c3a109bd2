using System.Runtime.InteropServices;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>The candidates of one list, whatever search found them: each once, for the row that it is nearest to.</summary>
/// <param name="source">Where they come from.</param>
/// <param name="query">What is asked.</param>
/// <param name="rows">Query rows that share the list.</param>
/// <param name="scores">
/// Gives an item found its distance and row: an item may be nearer to a row whose search did not come by it. Null for one row.
/// </param>
internal sealed class CandidatePool(ICandidateSource source, RankingQuery query, int rows, ExampleScores? scores)
{
    /// <summary>Distances to rows between two looks at the budget: some 20 µs, ten times that at a thousand dimensions.</summary>
    private const int DistancesPerCheck = 256;

    /// <summary>Distances that are computed even though the deadline has passed: what was found is worth more than that time.</summary>
    private const int DistancesPastDeadline = 8192;

    private readonly List<Candidate> _candidates = [];
    private readonly Dictionary<(int Segment, int Node), int> _places = [];
    private readonly List<int> _slots = [];
    private readonly float? _farthest = query.FarthestOf(source.Metric, source.Dimension);
    private readonly int _ownPlaces = query.Diversity?.Candidates ?? int.MaxValue;
    private int[] _order = [];
    private bool[] _isInProblem = [];

    /// <summary>Items that the searches found, those that are too far with them.</summary>
    public int Count => _candidates.Count;

    /// <summary>Candidates of the last problem.</summary>
    public int Chosen => _order.Length;

    /// <summary>True when each row is to bring items: floors of the problem, behind those of the query.</summary>
    public bool HasRowFloors => query.Union is { LeastPerRow: > 0 };

    /// <summary>Takes what a search found.</summary>
    /// <param name="hits">Nearest first.</param>
    /// <param name="isNeeded">
    /// True where quotas ask for what was found: it is chosen from however many are nearer. Diversity chooses from its candidates
    /// otherwise.
    /// </param>
    /// <param name="budget">Looked at where each item is compared with several rows.</param>
    /// <param name="stopped">Set when the budget ends it; what follows is not taken.</param>
    /// <returns>True when any of it was new to the choice, or new at all and in reach of the row that it was found for.</returns>
    public bool Offer(ReadOnlySpan<SearchHit> hits, bool isNeeded, in SearchBudget budget, ref StopReason stopped)
    {
        bool grew = false;
        int untilCheck = 0;
        int past = 0;
        foreach (SearchHit found in hits)
        {
            if (_places.TryGetValue((found.Segment, found.Node), out int place))
            {
                grew |= isNeeded && Need(place);
                continue;
            }
            if (scores is not null && untilCheck <= 0)
            {
                untilCheck = DistancesPerCheck;
                StopReason now = budget.Check();
                stopped = stopped == StopReason.None ? now : stopped;
                if (now == StopReason.Cancelled || (now == StopReason.Deadline && past >= DistancesPastDeadline))
                    break;
                past += now == StopReason.None ? 0 : Math.Max(DistancesPerCheck, scores.Count);
            }
            untilCheck -= scores?.Count ?? 0;
            int row = 0;
            SearchHit hit = scores is null ? found : found with { Distance = scores.DistanceOf(source.RowOf(found), out row) };
            Add(hit, row, isNeeded);
            grew |= !(hit.Distance > _farthest) || !(found.Distance > _farthest);
        }
        return grew;
    }

    /// <summary>The distance of the n-th of the candidates, nearest first; infinite when there are fewer.</summary>
    public float DistanceOfNth(int n)
    {
        float[] distances = [.. _candidates.Select(static candidate => candidate.Hit.Distance).Where(distance => !(distance > _farthest))];
        if (distances.Length < n)
            return float.PositiveInfinity;
        Array.Sort(distances);
        return distances[n - 1];
    }

    /// <summary>Items found that a refinement leaves.</summary>
    public int CountOf(Refinement refinement)
    {
        bool[] isFull = new bool[source.Slots.Count];
        foreach (int slot in refinement.FullSlots)
            isFull[slot] = true;
        int count = 0;
        foreach (Candidate candidate in _candidates)
        {
            bool isLeft = (candidate.Floors & refinement.Floors) == refinement.Floors;
            foreach (int slot in SlotsOf(candidate))
                isLeft &= !isFull[slot];
            count += isLeft ? 1 : 0;
        }
        return count;
    }

    /// <summary>
    /// The problem of choosing from the candidates, nearest first, ties by key. Under diversity these are as many of the nearest as it asks
    /// for, whatever row they are nearest to, and those that quotas needed beside.
    /// </summary>
    public QuotaProblem ToProblem()
    {
        _order = [.. Enumerable.Range(0, Count).Where(place => !(_candidates[place].Hit.Distance > _farthest))];
        Array.Sort(_order, CompareCandidates);
        if (_order.Length > _ownPlaces)
            _order = [.. _order.Where((place, rank) => rank < _ownPlaces || _candidates[place].IsNeeded)];
        _isInProblem = new bool[Count];
        foreach (int place in _order)
            _isInProblem[place] = true;
        QuotaProblem problem = new(query.K);
        for (int slot = 0; slot < source.Slots.Count; slot++)
            problem.AddSlot(source.Slots[slot].Cap, query.Caps[source.Slots[slot].Cap].Most);
        foreach (Floor floor in query.Floors)
            problem.AddFloor(floor.Least);
        for (int row = 0; HasRowFloors && row < rows; row++)
            problem.AddFloor(query.Union!.LeastPerRow);

        Span<int> floors = stackalloc int[RankingQuery.MaxQuotas + 1];
        foreach (int place in _order)
        {
            Candidate candidate = _candidates[place];
            int count = 0;
            for (int floor = 0; floor < query.Floors.Count; floor++)
                if ((candidate.Floors >> floor & 1) != 0)
                    floors[count++] = floor;
            if (HasRowFloors)
                floors[count++] = query.Floors.Count + candidate.Row;
            problem.Add(ScoreOf(candidate.Hit.Distance), SlotsOf(candidate), floors[..count]);
        }
        return problem;
    }

    /// <summary>A candidate of the last problem.</summary>
    public SearchHit HitOf(int item) => _candidates[_order[item]].Hit;

    /// <summary>Names a candidate of the last problem in a way that holds in the next.</summary>
    public int PlaceOf(int item) => _order[item];

    /// <summary>The candidates of the last problem that stood at some places; those that are none any more are left out.</summary>
    public int[] ItemsAt(IReadOnlyCollection<int> places)
    {
        HashSet<int> wanted = [.. places];
        return [.. Enumerable.Range(0, _order.Length).Where(item => wanted.Contains(_order[item]))];
    }

    /// <summary>The row that a candidate of the last problem is nearest to.</summary>
    public int RowOf(int item) => _candidates[_order[item]].Row;

    /// <summary>A score of which larger is better, in the metric's unit: the negative distance under L2.</summary>
    public double ScoreOf(float distance) => source.Metric.Traits().SimilarityOf(distance);

    /// <summary>Lets an item be chosen from that was found before. True when it was not.</summary>
    private bool Need(int place)
    {
        ref Candidate candidate = ref CollectionsMarshal.AsSpan(_candidates)[place];
        if (candidate.IsNeeded || candidate.Hit.Distance > _farthest)
            return false;
        candidate = candidate with { IsNeeded = true };
        return place >= _isInProblem.Length || !_isInProblem[place];
    }

    private void Add(SearchHit hit, int row, bool isNeeded)
    {
        uint floors = 0;
        for (int floor = 0; floor < query.Floors.Count; floor++)
            floors |= source.IsOf(floor, hit) ? 1u << floor : 0;
        int first = _slots.Count;
        source.AddSlotsOf(hit, _slots);
        _places.Add((hit.Segment, hit.Node), _candidates.Count);
        _candidates.Add(new Candidate(hit, row, floors, first, _slots.Count, isNeeded));
    }

    private ReadOnlySpan<int> SlotsOf(Candidate candidate) =>
        CollectionsMarshal.AsSpan(_slots)[candidate.FirstSlot..candidate.EndOfSlots];

    private int CompareCandidates(int a, int b)
    {
        SearchHit first = _candidates[a].Hit;
        SearchHit second = _candidates[b].Hit;
        int order = first.Distance.CompareTo(second.Distance);
        return order != 0 ? order : source.CompareKeys(first, second);
    }

    private readonly record struct Candidate(SearchHit Hit, int Row, uint Floors, int FirstSlot, int EndOfSlots, bool IsNeeded);
}
