namespace Ann.Core.Ranking;

/// <summary>Betters a choice by exchanges: an item goes in, those in its way go out, and what fits then follows.</summary>
internal static class QuotaRepair
{
    /// <summary>Exchanges until none helps, or the work is done.</summary>
    /// <param name="state">The choice.</param>
    /// <param name="free">Candidates that may come and go, best first.</param>
    /// <param name="isFree">The same, one flag a candidate.</param>
    /// <param name="work">Candidates to be looked at, at most.</param>
    public static void Run(QuotaState state, int[] free, bool[] isFree, int work)
    {
        List<int> gone = [];
        bool helped = true;
        while (helped && work > 0)
        {
            helped = false;
            foreach (int item in free)
            {
                if (work <= 0)
                    return;
                work -= 1 + state.Count;
                if (!state.Has(item) && TryExchange(state, item, free, isFree, gone, ref work))
                    helped = true;
            }
        }
    }

    private static bool TryExchange(QuotaState state, int item, int[] free, bool[] isFree, List<int> gone, ref int work)
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
            if (state.Room > 0 && gone.Count > 0)
            {
                work -= free.Length;
                state.Fill(free);
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
