namespace Ann.Core.Ranking;

/// <summary>
/// Chooses k of some candidates: caps hold always; then floors lack as little as can be; then as many items as can be; then the largest
/// sum of scores. Knows nothing of an index.
/// </summary>
/// <remarks>
/// Candidates that count for one slot each, without floors, are a matroid: taking the best that fits is best. Otherwise this is a problem
/// without a fast exact answer (three caps already are three-dimensional matching). What floors lack is found first
/// (<see cref="QuotaFloors"/>). Greedy choices are bettered by prices
/// (<see cref="QuotaPrices"/>) and exchanges (<see cref="QuotaRepair"/>) and, as far as a limit of work lets it, proven or bettered by
/// branch and bound (<see cref="QuotaBranching"/>): small cases come out exact.
/// </remarks>
internal sealed class QuotaSelection
{
    private const int StartsForScore = 8;
    private const int FloorWork = 300_000;
    private const int PriceWork = 300_000;
    private const int RepairWork = 300_000;
    private const int BranchWork = 300_000;

    private readonly QuotaState _state;
    private readonly int[] _chosen;
    private readonly QuotaKinds _kinds;
    private readonly int[] _free;
    private readonly BestChoice _best = new();
    private readonly QuotaWork _work;

    /// <param name="state">Holds the chosen ones.</param>
    /// <param name="work">Of the list.</param>
    private QuotaSelection(QuotaState state, QuotaWork work)
    {
        _state = state;
        _chosen = state.Chosen.ToArray();
        _kinds = new QuotaKinds(state.Problem);
        _free = _kinds.Free(state);
        _work = work;
    }

    /// <summary>Chooses.</summary>
    /// <param name="problem">Candidates, best first.</param>
    /// <param name="chosen">Items that are chosen already and stay: they fit together.</param>
    /// <param name="goal">When set, any choice that is as full will do: the search ends with it.</param>
    /// <param name="work">Of the list; null for one choice's own limits.</param>
    /// <param name="known">A choice that is known, of the chosen and others: what comes out is no worse.</param>
    public static QuotaChoice Run(
        QuotaProblem problem, ReadOnlySpan<int> chosen = default, QuotaValue? goal = null, QuotaWork? work = null, int[]? known = null)
    {
        QuotaState state = new(problem);
        state.Reset(chosen);
        if (problem.FloorCount == 0 && problem.MostSlotsOfOne <= 1)
        {
            for (int item = 0; item < problem.Count && state.Room > 0; item++)
                if (!state.Has(item) && state.FitsCaps(item))
                    state.Add(item);
            return QuotaChoice.Of(state, isProven: true);
        }

        return new QuotaSelection(state, work ?? QuotaWork.Unlimited).Run(goal, known);
    }

    private QuotaChoice Run(QuotaValue? goal, int[]? known)
    {
        QuotaValue limit = goal ?? LimitOf(_state, _free);
        Greedy();
        int leastApart = limit.Missing;
        IReadOnlyList<int[]> starts = [];
        if (_state.Problem.FloorCount > 0 && !_best.Value.IsAsFull(limit))
        {
            int missing = MeetFloors(limit, out leastApart, out starts);
            limit = limit with { Missing = missing };
        }
        if (known is not null)
        {
            _state.Reset(known);
            _best.Offer(_state);
        }
        QuotaPrices? prices = null;
        bool isProven = IsDone(limit, goal) || Search(limit, goal is not null, starts, out prices);
        _state.Reset(_best.Items);
        return QuotaChoice.Of(_state, isProven) with { LeastMissing = limit.Missing, LeastMissingApart = leastApart, Prices = prices };
    }

    /// <summary>
    /// Looks for what lacks least before all else, and fills the list up beside that. Returns what floors lack at least, together; apart is
    /// the sum of each by itself.
    /// </summary>
    private int MeetFloors(QuotaValue limit, out int leastApart, out IReadOnlyList<int[]> starts)
    {
        QuotaProblem problem = _state.Problem;
        _state.Reset(_chosen);
        QuotaFloors together = QuotaFloors.Find(_state, _free, _kinds, only: -1, limit.Missing, _work.PartOf(FloorWork));
        int apart = 0;
        for (int floor = 0; floor < problem.FloorCount && problem.FloorCount > 1; floor++)
        {
            if (_state.MissingOf(floor) == 0)
                continue;
            QuotaFloors alone = QuotaFloors.Find(_state, _free, _kinds, floor, 0, _work.PartOf(FloorWork / problem.FloorCount));
            apart += alone.IsProven ? alone.Missing : 0;
        }
        leastApart = Math.Max(limit.Missing, problem.FloorCount > 1 ? apart : together.IsProven ? together.Missing : 0);

        starts = together.Choices;
        int[] easyFirst = [.. _free.OrderBy(item => problem.SlotsOf(item).Length)];
        foreach (int[] choice in starts)
        {
            if (_work.IsDone)
                break;
            Fill(choice, _free);
            if (_best.Value.Count < limit.Count)
                Fill(choice, easyFirst);
        }
        return together.IsProven ? Math.Max(leastApart, together.Missing) : leastApart;

        void Fill(int[] choice, int[] order)
        {
            _work.PartOf(int.MaxValue).Spend(order.Length);
            _state.Reset(choice);
            _state.Fill(order);
            _best.Offer(_state);
        }
    }

    private bool IsDone(QuotaValue limit, QuotaValue? goal) =>
        _best.Value.IsAsFull(limit) && (goal is not null || _best.Value.Score >= limit.Score - QuotaValue.Slack(limit.Score));

    private bool Search(QuotaValue limit, bool isFullEnough, IReadOnlyList<int[]> starts, out QuotaPrices prices)
    {
        bool[] isFree = new bool[_state.Problem.Count];
        foreach (int item in _free)
            isFree[item] = true;

        _state.Reset(_chosen);
        prices = QuotaPrices.Find(_state, _free, _best, _work.PartOf(PriceWork));
        Repair(_best.Items, RepairWork);
        for (int i = 0; i < starts.Count && (i < StartsForScore || _best.Value.Count < limit.Count) && !_work.IsDone; i++)
            Repair(starts[i], RepairWork / 4);
        _state.Reset(_chosen);
        bool isProven = new QuotaBranching(_state, prices, _kinds, _best, limit).Run(_work.PartOf(BranchWork), isFullEnough);
        if (!isProven)
            Repair(_best.Items, RepairWork);
        return isProven;

        void Repair(int[] items, int units)
        {
            _state.Reset(items);
            _state.Fill(_free);
            QuotaRepair.Run(_state, _free, isFree, _work.PartOf(units));
            _best.Offer(_state);
        }
    }

    /// <summary>Two ways: what helps most floors first, and plainly the best first.</summary>
    private void Greedy()
    {
        _state.Fill(_free);
        _best.Offer(_state);
        if (_state.Problem.FloorCount == 0)
            return;
        _state.Reset(_chosen);
        for (int help = _state.Problem.MostFloorsOfOne; help > 0 && _state.Missing > 0; help--)
            foreach (int item in _free)
                if (!_state.Has(item) && _state.Fits(item) && _state.HelpOf(item) >= help)
                    _state.Add(item);
        _state.Fill(_free);
        _best.Offer(_state);
    }

    /// <summary>What no choice can exceed: each cap by itself, an item counted in one of its slots only.</summary>
    private static QuotaValue LimitOf(QuotaState state, int[] free)
    {
        QuotaProblem problem = state.Problem;
        int most = Math.Min(state.Room, free.Length);
        int caps = 0;
        for (int slot = 0; slot < problem.SlotCount; slot++)
            caps = Math.Max(caps, problem.CapOf(slot) + 1);
        int[] taken = new int[problem.SlotCount];
        for (int cap = 0; cap < caps; cap++)
            most = Math.Min(most, MostUnder(state, cap, -1, free, taken));
        int missing = state.LeastMissing(state.Room);
        int sum = 0;
        for (int floor = 0; floor < problem.FloorCount; floor++)
        {
            int there = state.Room;
            for (int cap = -1; cap < caps && there > 0; cap++)
                there = Math.Min(there, MostUnder(state, cap, floor, free, taken));
            sum += Math.Max(0, state.MissingOf(floor) - there);
        }
        double score = state.Score;
        for (int i = 0; i < most; i++)
            score += problem.ScoreOf(free[i]);
        return new QuotaValue(Math.Max(missing, sum), state.Count + most, score);
    }

    private static int MostUnder(QuotaState state, int cap, int floor, int[] free, int[] taken)
    {
        QuotaProblem problem = state.Problem;
        Array.Clear(taken);
        int most = 0;
        foreach (int item in free)
        {
            if (floor >= 0 && !problem.FloorsOf(item).Contains(floor))
                continue;
            int own = -1;
            foreach (int slot in problem.SlotsOf(item))
                own = own < 0 && problem.CapOf(slot) == cap ? slot : own;
            if (own >= 0 && taken[own]++ >= state.FreeOf(own))
                continue;
            most++;
        }
        return most;
    }
}

/// <summary>A choice.</summary>
/// <remarks>Better ones may be there when more candidates are.</remarks>
/// <param name="Items">Best first.</param>
/// <param name="Value">How good it is.</param>
/// <param name="Missing">What each floor lacks.</param>
/// <param name="FullSlots">One flag a slot: it is full.</param>
/// <param name="IsProven">True when no better one is possible.</param>
internal sealed record QuotaChoice(int[] Items, QuotaValue Value, int[] Missing, bool[] FullSlots, bool IsProven)
{
    /// <summary>What floors lack at least, whatever is chosen of the candidates.</summary>
    public int LeastMissing { get; init; }

    /// <summary>The same of each floor by itself: it holds where the candidates lack items of other floors.</summary>
    public int LeastMissingApart { get; init; }

    /// <summary>Prices that bound what other choices can reach; null where greedy choices need no such proof.</summary>
    public QuotaPrices? Prices { get; init; }

    /// <summary>The choice that a state holds.</summary>
    public static QuotaChoice Of(QuotaState state, bool isProven)
    {
        int[] items = state.Chosen.ToArray();
        Array.Sort(items);
        int[] missing = new int[state.Problem.FloorCount];
        for (int floor = 0; floor < missing.Length; floor++)
            missing[floor] = state.MissingOf(floor);
        bool[] full = new bool[state.Problem.SlotCount];
        for (int slot = 0; slot < full.Length; slot++)
            full[slot] = state.FreeOf(slot) <= 0;
        return new QuotaChoice(items, state.Value, missing, full, isProven);
    }
}
