namespace Ann.Core.Ranking;

/// <summary>Betters a choice by exchanges: an item goes in, those in its way go out, and what fits then follows.</summary>
internal static class QuotaRepair
{
    /// <summary>Exchanges until none helps, or the work is done.</summary>
    /// <param name="state">The choice.</param>
    /// <param name="free">Candidates that may come and go, best first.</param>
    /// <param name="isFree">The same, one flag a candidate.</param>
    /// <param name="work">How long to try.</param>
    public static void Run(QuotaState state, int[] free, bool[] isFree, QuotaWork.Part work)
    {
        List<int> gone = [];
        int[][] bySlot = BySlot(state.Problem, free);
        bool helped = true;
        while (helped)
        {
            helped = false;
            foreach (int item in free)
            {
                if (!work.Spend(1 + state.Count))
                    return;
                if (!state.Has(item) && TryExchange(state, item, bySlot, isFree, gone, work))
                    helped = true;
            }
        }
    }

    /// <summary>The free candidates that count for each slot, best first.</summary>
    private static int[][] BySlot(QuotaProblem problem, int[] free)
    {
        List<int>[] lists = [.. Enumerable.Range(0, problem.SlotCount).Select(static _ => new List<int>())];
        foreach (int item in free)
            foreach (int slot in problem.SlotsOf(item))
                lists[slot].Add(item);
        return Array.ConvertAll(lists, static list => list.ToArray());
    }

    private static bool TryExchange(QuotaState state, int item, int[][] bySlot, bool[] isFree, List<int> gone, QuotaWork.Part work)
    {
        if (state.Room == 0 && state.Missing == 0 && state.FitsCaps(item) && state.Problem.ScoreOf(item) <= WorstOf(state))
            return false; // it could only take the place of a better one
        QuotaValue before = state.Value;
        gone.Clear();
        while (!state.Fits(item))
        {
            int victim = VictimOf(state, item, isFree);
            if (victim < 0)
                break;
            state.Remove(victim);
            gone.Add(victim);
        }
        if (state.Fits(item))
        {
            int[] old = state.Chosen.ToArray();
            state.Add(item);
            // What did not fit before fits only where a slot became free.
            foreach (int victim in gone)
            {
                foreach (int slot in state.Problem.SlotsOf(victim))
                {
                    if (state.Room == 0 || state.FreeOf(slot) <= 0)
                        continue;
                    work.Spend(bySlot[slot].Length);
                    state.Fill(bySlot[slot]);
                }
            }
            if (state.Value.IsBetterThan(before))
                return true;
            state.Reset(old);
        }
        foreach (int victim in gone)
            state.Add(victim);
        return false;
    }

    private static double WorstOf(QuotaState state)
    {
        double worst = double.PositiveInfinity;
        foreach (int item in state.Chosen)
            worst = Math.Min(worst, state.Problem.ScoreOf(item));
        return worst;
    }

    /// <summary>
    /// The chosen item in the way that is missed least: by floors, then by what it blocks, then by its score; −1 for none.
    /// </summary>
    private static int VictimOf(QuotaState state, int item, bool[] isFree)
    {
        bool needsSlot = !state.FitsCaps(item);
        int victim = -1;
        (int Harm, int Blocks, double Score) least = (int.MaxValue, 0, 0);
        foreach (int chosen in state.Chosen)
        {
            if (!isFree[chosen])
                continue;
            int blocks = 0;
            foreach (int slot in state.Problem.SlotsOf(item))
                blocks += state.FreeOf(slot) <= 0 && state.Problem.SlotsOf(chosen).Contains(slot) ? 1 : 0;
            if (needsSlot && blocks == 0)
                continue;
            (int, int, double) harm = (HarmOf(state, chosen, item), -blocks, state.Problem.ScoreOf(chosen));
            if (victim >= 0 && harm.CompareTo(least) >= 0)
                continue;
            victim = chosen;
            least = harm;
        }
        return victim;
    }

    private static int HarmOf(QuotaState state, int chosen, int item)
    {
        int harm = 0;
        foreach (int floor in state.Problem.FloorsOf(chosen))
            harm += state.MissingOf(floor) > 0 || IsTight(state, floor) ? 1 : 0;
        foreach (int floor in state.Problem.FloorsOf(item))
            harm -= state.Problem.FloorsOf(chosen).Contains(floor) && IsTight(state, floor) ? 1 : 0;
        return harm;
    }

    private static bool IsTight(QuotaState state, int floor) => state.HaveOf(floor) <= state.Problem.LeastOf(floor);
}
