using System.Diagnostics;

namespace Ann.Core.Ranking;

/// <summary>A choice in the making: what is chosen, how full each slot is, what each floor has.</summary>
internal sealed class QuotaState
{
    private readonly int[] _used;
    private readonly int[] _have;
    private readonly int[] _place;
    private readonly int[] _chosen;

    /// <param name="problem">What is chosen from.</param>
    public QuotaState(QuotaProblem problem)
    {
        Problem = problem;
        _used = new int[problem.SlotCount];
        _have = new int[problem.FloorCount];
        _place = new int[problem.Count];
        _place.AsSpan().Fill(-1);
        _chosen = new int[Math.Min(problem.K, problem.Count)];
        for (int floor = 0; floor < problem.FloorCount; floor++)
            Missing += problem.LeastOf(floor);
    }

    /// <summary>What is chosen from.</summary>
    public QuotaProblem Problem { get; }

    /// <summary>Items chosen.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of their scores.</summary>
    public double Score { get; private set; }

    /// <summary>Items that floors lack, summed over the floors.</summary>
    public int Missing { get; private set; }

    /// <summary>Items that can still be chosen.</summary>
    public int Room => Problem.K - Count;

    /// <summary>The chosen ones, in no order.</summary>
    public ReadOnlySpan<int> Chosen => _chosen.AsSpan(0, Count);

    /// <summary>How good it is.</summary>
    public QuotaValue Value => new(Missing, Count, Score);

    /// <summary>True when an item is chosen.</summary>
    public bool Has(int item) => _place[item] >= 0;

    /// <summary>Items of a slot that can still be chosen.</summary>
    public int FreeOf(int slot) => Problem.MostOf(slot) - _used[slot];

    /// <summary>Items of a floor that are chosen.</summary>
    public int HaveOf(int floor) => _have[floor];

    /// <summary>Items that a floor lacks.</summary>
    public int MissingOf(int floor) => Math.Max(0, Problem.LeastOf(floor) - _have[floor]);

    /// <summary>True when no cap keeps an item out, and there is room.</summary>
    public bool Fits(int item) => Room > 0 && FitsCaps(item);

    /// <summary>True when no cap keeps an item out.</summary>
    public bool FitsCaps(int item)
    {
        foreach (int slot in Problem.SlotsOf(item))
            if (FreeOf(slot) <= 0)
                return false;
        return true;
    }

    /// <summary>Floors that lack items of which this is one.</summary>
    public int HelpOf(int item)
    {
        int help = 0;
        foreach (int floor in Problem.FloorsOf(item))
            help += _have[floor] < Problem.LeastOf(floor) ? 1 : 0;
        return help;
    }

    /// <summary>
    /// The least that floors will lack at the end with so much room left, whatever is chosen: each further item helps a floor once, and
    /// so many floors at most. Says nothing of whether such items are there.
    /// </summary>
    public int LeastMissing(int room)
    {
        if (Missing == 0)
            return 0;
        int beyond = 0;
        for (int floor = 0; floor < _have.Length; floor++)
            beyond += Math.Max(0, MissingOf(floor) - room);
        return Math.Max(beyond, Missing - room * Problem.MostFloorsOfOne);
    }

    /// <summary>Chooses an item, which fits.</summary>
    public void Add(int item)
    {
        Debug.Assert(!Has(item));
        Debug.Assert(Fits(item));
        _place[item] = Count;
        _chosen[Count++] = item;
        Score += Problem.ScoreOf(item);
        foreach (int slot in Problem.SlotsOf(item))
            _used[slot]++;
        foreach (int floor in Problem.FloorsOf(item))
            Missing -= _have[floor]++ < Problem.LeastOf(floor) ? 1 : 0;
    }

    /// <summary>Lets a chosen item go.</summary>
    public void Remove(int item)
    {
        Debug.Assert(Has(item));
        int place = _place[item];
        int last = _chosen[--Count];
        _chosen[place] = last;
        _place[last] = place;
        _place[item] = -1;
        Score -= Problem.ScoreOf(item);
        foreach (int slot in Problem.SlotsOf(item))
            _used[slot]--;
        foreach (int floor in Problem.FloorsOf(item))
            Missing += --_have[floor] < Problem.LeastOf(floor) ? 1 : 0;
    }

    /// <summary>Chooses what fits, in an order, as long as floors do not lack more for it in the end.</summary>
    public void Fill(ReadOnlySpan<int> order)
    {
        foreach (int item in order)
        {
            if (Room == 0)
                return;
            if (Has(item) || !FitsCaps(item))
                continue;
            int help = Missing == 0 ? 0 : HelpOf(item);
            if (help > 0 || LeastMissing(Room - 1) <= LeastMissing(Room))
                Add(item);
        }
    }

    /// <summary>Lets go of all, then chooses some.</summary>
    public void Reset(ReadOnlySpan<int> items)
    {
        while (Count > 0)
            Remove(_chosen[Count - 1]);
        Score = 0; // without what rounding left
        foreach (int item in items)
            Add(item);
    }
}
