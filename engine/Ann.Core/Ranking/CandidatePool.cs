using System.Runtime.InteropServices;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;

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
    private readonly HashSet<(int Segment, int Node)> _places = [];
    private readonly List<int> _slots = [];
    private int[] _order = [];

    /// <summary>Candidates.</summary>
    public int Count => _candidates.Count;

    /// <summary>True when each row is to bring items: floors of the problem, behind those of the query.</summary>
    public bool HasRowFloors => query.Union is { LeastPerRow: > 0 };

    /// <summary>Takes what a search found.</summary>
    /// <param name="hits">Nearest first.</param>
    /// <param name="budget">Looked at where each item is compared with several rows.</param>
    /// <param name="stopped">Set when the budget ends it; what follows is not taken.</param>
    /// <returns>True when any of it was new.</returns>
    public bool Offer(ReadOnlySpan<SearchHit> hits, in SearchBudget budget, ref StopReason stopped)
    {
        int before = Count;
        int untilCheck = 0;
        int past = 0;
        foreach (SearchHit found in hits)
        {
            if (_places.Contains((found.Segment, found.Node)))
                continue;
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
            if (!(hit.Distance > query.MaxDistance))
                Add(hit, row);
        }
        return Count > before;
    }

    /// <summary>Candidates that a refinement leaves.</summary>
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

    /// <summary>The problem of choosing from the candidates, nearest first, ties by key.</summary>
    public QuotaProblem ToProblem()
    {
        _order = [.. Enumerable.Range(0, Count)];
        Array.Sort(_order, CompareCandidates);
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

    /// <summary>The row that a candidate of the last problem is nearest to.</summary>
    public int RowOf(int item) => _candidates[_order[item]].Row;

    /// <summary>A score of which larger is better, in the metric's unit: the negative distance under L2.</summary>
    public double ScoreOf(float distance) => source.Metric == Metric.L2 ? -Math.Sqrt(Math.Max(0, distance)) : -distance;

    private void Add(SearchHit hit, int row)
    {
        uint floors = 0;
        for (int floor = 0; floor < query.Floors.Count; floor++)
            floors |= source.IsOf(floor, hit) ? 1u << floor : 0;
        int first = _slots.Count;
        source.AddSlotsOf(hit, _slots);
        _places.Add((hit.Segment, hit.Node));
        _candidates.Add(new Candidate(hit, row, floors, first, _slots.Count));
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

    private readonly record struct Candidate(SearchHit Hit, int Row, uint Floors, int FirstSlot, int EndOfSlots);
}
