namespace Ann.Core.Ranking;

/// <summary>
/// A price for each slot, and a premium for each floor, found by the subgradient method: the sum of what is left of the scores bounds
/// what any choice can reach (Lagrangian relaxation; Fisher 1981), and an order by it makes good choices.
/// </summary>
/// <remarks>
/// For choices that lack nothing of their floors, of a given number of items. Where floors cannot be met their premiums stay 0, which
/// keeps the bound right.
/// </remarks>
internal sealed class QuotaPrices
{
    private const int MostSteps = 80;
    private const int StepsWithoutGain = 4;

    private readonly QuotaProblem _problem;
    private readonly int[] _free;
    private readonly double[] _negated;

    private QuotaPrices(QuotaProblem problem, int[] free)
    {
        _problem = problem;
        _free = free;
        _negated = new double[free.Length];
        Slots = new double[problem.SlotCount];
        Floors = new double[problem.FloorCount];
        Order = (int[])free.Clone();
    }

    /// <summary>Price of each slot, 0 or more.</summary>
    public double[] Slots { get; private set; }

    /// <summary>Premium of each floor, 0 or more.</summary>
    public double[] Floors { get; private set; }

    /// <summary>The free candidates, best first by what is left of their scores.</summary>
    public int[] Order { get; private set; }

    /// <summary>What is left of a score.</summary>
    public double ReducedOf(int item) => Reduced(item, Slots, Floors);

    /// <summary>
    /// What no choice can exceed that has further items besides, at least one and none better than told. For prices found with nothing
    /// chosen beforehand.
    /// </summary>
    /// <param name="further">What is left at best of the score of a further item.</param>
    /// <param name="count">Items of the choice, 1 or more.</param>
    public double BoundWith(double further, int count)
    {
        double bound = further;
        for (int slot = 0; slot < Slots.Length; slot++)
            bound += Slots[slot] * _problem.MostOf(slot);
        for (int floor = 0; floor < Floors.Length; floor++)
            bound -= Floors[floor] * _problem.LeastOf(floor);
        for (int i = 0; i < count - 1; i++)
            bound += i < Order.Length ? Math.Max(further, ReducedOf(Order[i])) : further;
        return bound;
    }

    /// <summary>Finds prices, and improves a choice on the way.</summary>
    /// <param name="start">What is chosen already and stays so. Used for work, and left as it was.</param>
    /// <param name="free">Candidates beside, best first.</param>
    /// <param name="best">The best choice so far.</param>
    /// <param name="work">How long to look for better ones.</param>
    public static QuotaPrices Find(QuotaState start, int[] free, BestChoice best, QuotaWork.Part work)
    {
        QuotaPrices prices = new(start.Problem, free);
        prices.Search(start, best, work);
        return prices;
    }

    private void Search(QuotaState state, BestChoice best, QuotaWork.Part work)
    {
        int[] fixedItems = state.Chosen.ToArray();
        double[] slots = new double[Slots.Length];
        double[] floors = new double[Floors.Length];
        int[] usedSlots = new int[slots.Length];
        int[] usedFloors = new int[floors.Length];
        int[] order = new int[_free.Length];
        double lowest = double.PositiveInfinity;
        double pace = 1;
        int without = 0;
        for (int step = 0; step < MostSteps; step++)
        {
            if (!work.Spend(Math.Max(1, _free.Length)))
                return;
            Sort(order, slots, floors);
            int take = Math.Min(best.Value.Count - fixedItems.Length, order.Length);
            double bound = Bound(state, order, take, slots, floors, usedSlots, usedFloors);
            if (bound < lowest - QuotaValue.Slack(bound))
            {
                lowest = bound;
                (Slots, Floors, Order) = ((double[])slots.Clone(), (double[])floors.Clone(), (int[])order.Clone());
                without = 0;
            }
            else if (++without >= StepsWithoutGain)
            {
                pace /= 2;
                without = 0;
            }

            state.Fill(order);
            best.Offer(state);
            state.Reset(fixedItems);
            double gap = bound - best.Value.Score;
            if (gap <= QuotaValue.Slack(bound) || pace < 1e-3)
                return;
            bool useFloors = best.Value.Missing == 0;
            if (!Move(state, slots, floors, usedSlots, usedFloors, pace * gap, useFloors))
                return;
        }
    }

    /// <summary>Makes what the relaxed choice takes too much of dearer, and what it leaves cheaper.</summary>
    private static bool Move(
        QuotaState state, double[] slots, double[] floors, int[] usedSlots, int[] usedFloors, double length, bool useFloors)
    {
        double norm = 0;
        for (int slot = 0; slot < slots.Length; slot++)
        {
            int left = state.FreeOf(slot) - usedSlots[slot];
            norm += left > 0 && slots[slot] == 0 ? 0 : (double)left * left;
        }
        for (int floor = 0; useFloors && floor < floors.Length; floor++)
        {
            int beyond = usedFloors[floor] - state.MissingOf(floor);
            norm += beyond > 0 && floors[floor] == 0 ? 0 : (double)beyond * beyond;
        }
        if (norm == 0)
            return false;
        double pace = length / norm;
        for (int slot = 0; slot < slots.Length; slot++)
            slots[slot] = Math.Max(0, slots[slot] - pace * (state.FreeOf(slot) - usedSlots[slot]));
        for (int floor = 0; useFloors && floor < floors.Length; floor++)
            floors[floor] = Math.Max(0, floors[floor] - pace * (usedFloors[floor] - state.MissingOf(floor)));
        return true;
    }

    private double Bound(
        QuotaState state, int[] order, int take, double[] slots, double[] floors, int[] usedSlots, int[] usedFloors)
    {
        Array.Clear(usedSlots);
        Array.Clear(usedFloors);
        double bound = state.Score;
        for (int slot = 0; slot < slots.Length; slot++)
            bound += slots[slot] * state.FreeOf(slot);
        for (int floor = 0; floor < floors.Length; floor++)
            bound -= floors[floor] * state.MissingOf(floor);
        for (int i = 0; i < take; i++)
        {
            int item = order[i];
            bound += Reduced(item, slots, floors);
            foreach (int slot in _problem.SlotsOf(item))
                usedSlots[slot]++;
            foreach (int floor in _problem.FloorsOf(item))
                usedFloors[floor]++;
        }
        return bound;
    }

    private void Sort(int[] order, double[] slots, double[] floors)
    {
        for (int i = 0; i < _free.Length; i++)
        {
            order[i] = _free[i];
            _negated[i] = -Reduced(_free[i], slots, floors);
        }
        Array.Sort(_negated, order);
    }

    private double Reduced(int item, double[] slots, double[] floors)
    {
        double reduced = _problem.ScoreOf(item);
        foreach (int slot in _problem.SlotsOf(item))
            reduced -= slots[slot];
        foreach (int floor in _problem.FloorsOf(item))
            reduced += floors[floor];
        return reduced;
    }
}

/// <summary>The best choice so far.</summary>
internal sealed class BestChoice
{
    /// <summary>Its items, in no order.</summary>
    public int[] Items { get; private set; } = [];

    /// <summary>How good it is.</summary>
    public QuotaValue Value { get; private set; } = new(int.MaxValue, 0, double.NegativeInfinity);

    /// <summary>Keeps a choice when it is better.</summary>
    public bool Offer(QuotaState state)
    {
        if (!state.Value.IsBetterThan(Value))
            return false;
        Items = state.Chosen.ToArray();
        Value = state.Value;
        return true;
    }
}
