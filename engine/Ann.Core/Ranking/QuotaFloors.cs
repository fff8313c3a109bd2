namespace Ann.Core.Ranking;

/// <summary>
/// The least that floors lack: which of the items that count for floors go together under the caps. Floors that cannot be met are of few
/// items as a rule, so that trying them in turn, depth first and with a bound, proves what is least.
/// </summary>
/// <remarks>
/// Items of a kind are alike here: once one was left, so are those after it. Several choices that lack least are kept: what else fits is
/// not the same beside each.
/// </remarks>
internal sealed class QuotaFloors
{
    private const int MostKept = 64;

    private readonly QuotaState _state;
    private readonly QuotaProblem _problem;
    private readonly int[] _items;
    private readonly int[] _kinds;
    private readonly int[] _left;
    private readonly int[] _taken;
    private readonly int _only;
    private readonly int _caps;
    private readonly int _goal;
    private readonly QuotaWork.Part _work;
    private readonly List<int[]> _choices = [];

    private QuotaFloors(QuotaState state, int[] items, QuotaKinds kinds, int only, int goal, QuotaWork.Part work)
    {
        _state = state;
        _problem = state.Problem;
        _items = items;
        _kinds = kinds.Of;
        _left = new int[kinds.Count];
        _taken = new int[_problem.SlotCount];
        _only = only;
        _goal = goal;
        _work = work;
        for (int slot = 0; slot < _problem.SlotCount; slot++)
            _caps = Math.Max(_caps, _problem.CapOf(slot) + 1);
        Missing = MissingNow();
    }

    /// <summary>Items that floors lack at least, as far as was found.</summary>
    public int Missing { get; private set; }

    /// <summary>True when no choice of these items lacks less.</summary>
    public bool IsProven { get; private set; } = true;

    /// <summary>Choices that lack least: all that is chosen, what was chosen before with it.</summary>
    public IReadOnlyList<int[]> Choices => _choices;

    /// <summary>Tries.</summary>
    /// <param name="state">What is chosen already and stays so. Used for work, and left as it was.</param>
    /// <param name="free">Candidates beside, best first.</param>
    /// <param name="kinds">Kind of each candidate.</param>
    /// <param name="only">The floor that counts; −1 for all.</param>
    /// <param name="goal">What is lacking at least, by what is known: a choice that reaches it is enough.</param>
    /// <param name="work">How long to try.</param>
    public static QuotaFloors Find(QuotaState state, int[] free, QuotaKinds kinds, int only, int goal, QuotaWork.Part work)
    {
        QuotaProblem problem = state.Problem;
        int[] items = [.. free.Where(item => only < 0 ? problem.FloorsOf(item).Length > 0 : problem.FloorsOf(item).Contains(only))
            .OrderByDescending(item => only < 0 ? problem.FloorsOf(item).Length : 0)];
        QuotaFloors floors = new(state, items, kinds, only, goal, work);
        floors.Descend(0);
        return floors;
    }

    private int MissingNow() => _only < 0 ? _state.Missing : _state.MissingOf(_only);

    private void Descend(int from)
    {
        Note();
        if (IsEnough() || _state.Room == 0 || MissingNow() == 0)
            return;
        int end = from;
        for (; end < _items.Length; end++)
        {
            int item = _items[end];
            if (_left[_kinds[item]] == 0 && _state.Fits(item) && _state.HelpOf(item) > 0)
            {
                if (!_work.Spend((_items.Length - end) * (1 + _caps)))
                {
                    IsProven = false;
                    break;
                }
                int bound = Bound(end);
                if (bound > Missing || (bound == Missing && _choices.Count >= MostKept))
                    break;
                _state.Add(item);
                Descend(end + 1);
                _state.Remove(item);
                if (IsEnough() || !IsProven)
                    break;
            }
            _left[_kinds[item]]++;
        }
        for (int i = from; i < end; i++)
            _left[_kinds[_items[i]]]--;
    }

    private void Note()
    {
        int missing = MissingNow();
        if (missing > Missing)
            return;
        if (missing < Missing)
            _choices.Clear();
        Missing = missing;
        if (_choices.Count < MostKept)
            _choices.Add(_state.Chosen.ToArray());
    }

    private bool IsEnough() => Missing <= _goal && _choices.Count >= MostKept;

    /// <summary>What is lacking at least with any of the items from one on: each floor by itself, under each cap by itself.</summary>
    private int Bound(int from)
    {
        int sum = 0;
        for (int floor = 0; floor < _problem.FloorCount; floor++)
        {
            int missing = _only < 0 || floor == _only ? _state.MissingOf(floor) : 0;
            if (missing == 0)
                continue;
            int there = _state.Room;
            for (int cap = -1; cap < _caps && there > 0; cap++)
                there = Math.Min(there, MostUnder(cap, floor, from));
            sum += Math.Max(0, missing - there);
        }
        return _only < 0 ? Math.Max(sum, _state.LeastMissing(_state.Room)) : sum;
    }

    private int MostUnder(int cap, int floor, int from)
    {
        int most = 0;
        for (int i = from; i < _items.Length; i++)
            most += Counts(i) && TryTake(_items[i]) ? 1 : 0;
        for (int i = from; i < _items.Length; i++)
            foreach (int slot in _problem.SlotsOf(_items[i]))
                _taken[slot] = 0;
        return most;

        bool Counts(int i) => _left[_kinds[_items[i]]] == 0 && _problem.FloorsOf(_items[i]).Contains(floor) && _state.FitsCaps(_items[i]);

        bool TryTake(int item)
        {
            foreach (int slot in _problem.SlotsOf(item))
                if (_problem.CapOf(slot) == cap)
                    return _taken[slot]++ < _state.FreeOf(slot); // counted in one of its slots
            return true;
        }
    }
}
