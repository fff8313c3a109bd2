namespace Ann.Core.Ranking;

/// <summary>
/// Branch and bound: candidates one after another, in the order of <see cref="QuotaPrices"/>, taken first and left then. Leaves out what
/// can no longer become better than the best choice. Ends with proof, or when its work is done.
/// </summary>
/// <remarks>
/// Candidates with the same slots and floors are of a kind: once one is left, all of its kind after it are, since the better one would do
/// as well. Kinds are told apart by a 64-bit hash.
/// </remarks>
internal sealed class QuotaBranching
{
    private readonly QuotaProblem _problem;
    private readonly QuotaState _state;
    private readonly QuotaPrices _prices;
    private readonly BestChoice _best;
    private readonly QuotaValue _limit;
    private readonly int[] _order;
    private readonly int[] _kinds;
    private readonly int[] _left;
    private readonly int[] _ahead;
    private readonly bool[] _taken;
    private readonly double[] _sums;
    private double _pricedRoom;

    /// <param name="start">What is chosen already and stays so.</param>
    /// <param name="prices">Of the candidates beside.</param>
    /// <param name="kinds">Kind of each candidate of the problem.</param>
    /// <param name="best">The best choice so far.</param>
    /// <param name="limit">What no choice can exceed: the fewest missing, the most items.</param>
    public QuotaBranching(QuotaState start, QuotaPrices prices, QuotaKinds kinds, BestChoice best, QuotaValue limit)
    {
        _problem = start.Problem;
        _state = start;
        _prices = prices;
        _best = best;
        _limit = limit;
        _order = prices.Order;
        _kinds = kinds.Of;
        _left = new int[kinds.Count];
        _ahead = new int[_problem.FloorCount];
        _taken = new bool[_order.Length];
        _sums = new double[_order.Length + 1];
        for (int i = 0; i < _order.Length; i++)
        {
            _sums[i + 1] = _sums[i] + prices.ReducedOf(_order[i]);
            foreach (int floor in _problem.FloorsOf(_order[i]))
                _ahead[floor]++;
        }
        for (int slot = 0; slot < _problem.SlotCount; slot++)
            _pricedRoom += prices.Slots[slot] * start.FreeOf(slot);
    }

    /// <summary>Runs to the end, or until the work is done.</summary>
    /// <param name="work">How long to search.</param>
    /// <param name="isFullEnough">True to end with the first choice that reaches the limit, whatever its score.</param>
    /// <returns>True when the best choice is proven: of the fullest, when that was asked.</returns>
    public bool Run(QuotaWork.Part work, bool isFullEnough)
    {
        int at = 0;
        while (true)
        {
            if (isFullEnough && _best.Value.IsAsFull(_limit))
                return true;
            if (!work.Spend(1 + _problem.FloorCount))
                return false;
            if (at < _order.Length && _state.Room > 0 && CanBecomeBetter(at))
            {
                Step(at++);
                continue;
            }
            _best.Offer(_state);
            if (!Back(ref at))
                return true;
        }
    }

    private void Step(int at)
    {
        int item = _order[at];
        foreach (int floor in _problem.FloorsOf(item))
            _ahead[floor]--;
        _taken[at] = _left[_kinds[item]] == 0 && _state.FitsCaps(item);
        if (_taken[at])
            Take(item);
        else
            _left[_kinds[item]]++;
    }

    /// <summary>Goes back to the last one taken, and leaves it.</summary>
    private bool Back(ref int at)
    {
        while (at > 0)
        {
            int item = _order[--at];
            if (_taken[at])
            {
                foreach (int slot in _problem.SlotsOf(item))
                    _pricedRoom += _prices.Slots[slot];
                _state.Remove(item);
                _taken[at] = false;
                _left[_kinds[item]]++;
                at++;
                return true;
            }
            _left[_kinds[item]]--;
            foreach (int floor in _problem.FloorsOf(item))
                _ahead[floor]++;
        }
        return false;
    }

    private void Take(int item)
    {
        foreach (int slot in _problem.SlotsOf(item))
            _pricedRoom -= _prices.Slots[slot];
        _state.Add(item);
    }

    private bool CanBecomeBetter(int at)
    {
        QuotaValue best = _best.Value;
        int missing = Math.Max(_limit.Missing, LeastMissing());
        if (missing != best.Missing)
            return missing < best.Missing;
        int count = Math.Min(Math.Max(_limit.Count, _state.Count), _state.Count + Math.Min(_state.Room, _order.Length - at));
        if (count != best.Count)
            return count > best.Count;
        double bound = _state.Score + _pricedRoom + _sums[at + (count - _state.Count)] - _sums[at];
        for (int floor = 0; floor < _ahead.Length; floor++)
            bound -= _prices.Floors[floor] * _state.MissingOf(floor);
        return bound > best.Score + QuotaValue.Slack(best.Score);
    }

    private int LeastMissing()
    {
        if (_state.Missing == 0)
            return 0;
        int missing = 0;
        for (int floor = 0; floor < _ahead.Length; floor++)
            missing += Math.Max(0, _state.MissingOf(floor) - Math.Min(_ahead[floor], _state.Room));
        return Math.Max(missing, _state.LeastMissing(_state.Room));
    }
}
