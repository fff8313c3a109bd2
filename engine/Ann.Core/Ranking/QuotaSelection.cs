namespace Ann.Core.Ranking;

/// <summary>
/// Chooses k of some candidates: caps hold always; then floors lack as little as can be; then as many items as can be; then the largest
/// sum of scores. Knows nothing of an index.
/// </summary>
/// <remarks>
/// Candidates that count for one slot each, without floors, are a matroid: taking the best that fits is best. Otherwise this is a problem
/// without a fast exact answer (three caps already are three-dimensional matching). Greedy choices are bettered by prices
/// (<see cref="QuotaPrices"/>) and exchanges (<see cref="QuotaRepair"/>) and, as far as a limit of work lets it, proven or bettered by
/// branch and bound (<see cref="QuotaBranching"/>): small cases come out exact.
/// </remarks>
internal static class QuotaSelection
{
    private const int PriceWork = 300_000;
    private const int RepairWork = 300_000;
    private const int BranchWork = 300_000;

    /// <summary>Chooses.</summary>
    /// <param name="problem">Candidates, best first.</param>
    public static QuotaChoice Run(QuotaProblem problem) => Run(problem, []);

    /// <summary>Chooses, when some are chosen already.</summary>
    /// <param name="problem">Candidates, best first.</param>
    /// <param name="chosen">Items that stay, and fit together.</param>
    /// <param name="goal">When set, any choice that is as full will do: the search ends with it.</param>
    public static QuotaChoice Run(QuotaProblem problem, ReadOnlySpan<int> chosen, QuotaValue? goal = null)
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
        QuotaValue limit = goal ?? LimitOf(state, free);
        Greedy(state, chosen, free, best);
        QuotaPrices? prices = null;
        bool isProven = IsDone(best, limit, goal) || Search(state, chosen, kinds, free, best, limit, goal is not null, out prices);
        state.Reset(best.Items);
        return QuotaChoice.Of(state, isProven) with { LeastMissing = limit.Missing, Prices = prices };
    }

    private static bool IsDone(BestChoice best, QuotaValue limit, QuotaValue? goal) =>
        best.Value.IsAsFull(limit) && (goal is not null || best.Value.Score >= limit.Score - QuotaValue.Slack(limit.Score));

    private static bool Search(
        QuotaState state, ReadOnlySpan<int> chosen, QuotaKinds kinds, int[] free, BestChoice best, QuotaValue limit, bool isFullEnough,
        out QuotaPrices prices)
    {
        bool[] isFree = new bool[state.Problem.Count];
        foreach (int item in free)
            isFree[item] = true;

        state.Reset(chosen);
        prices = QuotaPrices.Find(state, free, best, PriceWork);
        Repair();
        state.Reset(chosen);
        bool isProven = new QuotaBranching(state, prices, kinds, best, limit).Run(BranchWork, isFullEnough);
        if (!isProven)
            Repair();
        return isProven;

        void Repair()
        {
            state.Reset(best.Items);
            QuotaRepair.Run(state, free, isFree, RepairWork);
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
    /// <summary>What floors lack at least, whatever is chosen of the candidates: each floor by itself, under each cap by itself.</summary>
    public int LeastMissing { get; init; }

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
