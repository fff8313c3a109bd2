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
internal static class QuotaSelection
{
    private const int StartsForScore = 8;
    private const int FloorWork = 300_000;
    private const int PriceWork = 300_000;
    private const int RepairWork = 300_000;
    private const int BranchWork = 300_000;

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

        QuotaKinds kinds = new(problem);
        int[] free = kinds.Free(state);
        BestChoice best = new();
        work ??= QuotaWork.Unlimited;
        QuotaValue limit = goal ?? LimitOf(state, free);
        Greedy(state, chosen, free, best);
        int leastApart = limit.Missing;
        IReadOnlyList<int[]> starts = [];
        if (problem.FloorCount > 0 && !best.Value.IsAsFull(limit))
        {
            int missing = MeetFloors(state, chosen, kinds, free, best, limit, work, out leastApart, out starts);
            limit = limit with { Missing = missing };
        }
        if (known is not null)
        {
            state.Reset(known);
            best.Offer(state);
        }
        QuotaPrices? prices = null;
        bool isProven = IsDone(best, limit, goal)
            || Search(state, chosen, kinds, free, best, limit, goal is not null, starts, work, out prices);
        state.Reset(best.Items);
        return QuotaChoice.Of(state, isProven) with { LeastMissing = limit.Missing, LeastMissingApart = leastApart, Prices = prices };
    }

    /// <summary>
    /// Looks for what lacks least before all else, and fills the list up beside that. Returns what floors lack at least, together; apart is
    /// the sum of each by itself.
    /// </summary>
    private static int MeetFloors(
        QuotaState state, ReadOnlySpan<int> chosen, QuotaKinds kinds, int[] free, BestChoice best, QuotaValue limit, QuotaWork work,
        out int leastApart, out IReadOnlyList<int[]> starts)
    {
        state.Reset(chosen);
        QuotaFloors together = QuotaFloors.Find(state, free, kinds, only: -1, limit.Missing, work.PartOf(FloorWork));
        int apart = 0;
        for (int floor = 0; floor < state.Problem.FloorCount && state.Problem.FloorCount > 1; floor++)
        {
            if (state.MissingOf(floor) == 0)
                continue;
            QuotaFloors alone = QuotaFloors.Find(state, free, kinds, floor, 0, work.PartOf(FloorWork / state.Problem.FloorCount));
            apart += alone.IsProven ? alone.Missing : 0;
        }
        leastApart = Math.Max(limit.Missing, state.Problem.FloorCount > 1 ? apart : together.IsProven ? together.Missing : 0);

        starts = together.Choices;
        int[] easyFirst = [.. free.OrderBy(item => state.Problem.SlotsOf(item).Length)];
        foreach (int[] choice in starts)
        {
            if (work.IsDone)
                break;
            Fill(choice, free);
            if (best.Value.Count < limit.Count)
                Fill(choice, easyFirst);
        }
        return together.IsProven ? Math.Max(leastApart, together.Missing) : leastApart;

        void Fill(int[] choice, int[] order)
        {
            work.PartOf(int.MaxValue).Spend(order.Length);
            state.Reset(choice);
            state.Fill(order);
            best.Offer(state);
        }
    }

    private static bool IsDone(BestChoice best, QuotaValue limit, QuotaValue? goal) =>
        best.Value.IsAsFull(limit) && (goal is not null || best.Value.Score >= limit.Score - QuotaValue.Slack(limit.Score));

    private static bool Search(
        QuotaState state, ReadOnlySpan<int> chosen, QuotaKinds kinds, int[] free, BestChoice best, QuotaValue limit, bool isFullEnough,
        IReadOnlyList<int[]> starts, QuotaWork work, out QuotaPrices prices)
    {
        bool[] isFree = new bool[state.Problem.Count];
        foreach (int item in free)
            isFree[item] = true;

        state.Reset(chosen);
        prices = QuotaPrices.Find(state, free, best, work.PartOf(PriceWork));
        Repair(best.Items, RepairWork);
        for (int i = 0; i < starts.Count && (i < StartsForScore || best.Value.Count < limit.Count) && !work.IsDone; i++)
            Repair(starts[i], RepairWork / 4);
        state.Reset(chosen);
        bool isProven = new QuotaBranching(state, prices, kinds, best, limit).Run(work.PartOf(BranchWork), isFullEnough);
        if (!isProven)
            Repair(best.Items, RepairWork);
        return isProven;

        void Repair(int[] items, int units)
        {
            state.Reset(items);
            state.Fill(free);
            QuotaRepair.Run(state, free, isFree, work.PartOf(units));
            best.Offer(state);
        }
    }

    /// <summary>Two ways: what helps most floors first, and plainly the best first.</summary>
    private static void Greedy(QuotaState state, ReadOnlySpan<int> chosen, int[] free, BestChoice best)
    {
        state.Fill(free);
        best.Offer(state);
        if (state.Problem.FloorCount == 0)
            return;
        state.Reset(chosen);
        for (int help = state.Problem.MostFloorsOfOne; help > 0 && state.Missing > 0; help--)
            foreach (int item in free)
                if (!state.Has(item) && state.Fits(item) && state.HelpOf(item) >= help)
                    state.Add(item);
        state.Fill(free);
        best.Offer(state);
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
