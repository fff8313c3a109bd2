using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>
/// The work that choosing for one list may take, over all its rounds: choosing is hard in the worst case, and a request must end. A unit is
/// a candidate looked at, some ten nanoseconds.
/// </summary>
/// <param name="budget">Looked at every few hundred microseconds.</param>
/// <param name="most">Units.</param>
internal sealed class QuotaWork(SearchBudget budget, long most)
{
    private const int UnitsPerCheck = 8192;

    private long _left = most;
    private int _untilCheck = UnitsPerCheck;

    /// <summary>Without an end.</summary>
    public static QuotaWork Unlimited => new(SearchBudget.Unlimited, long.MaxValue);

    /// <summary>Why the budget ended it, if it did.</summary>
    public StopReason Stopped { get; private set; }

    /// <summary>True when no more is to be done.</summary>
    public bool IsDone => _left <= 0 || Stopped != StopReason.None;

    /// <summary>A part of it, for one way to search: a quarter of what is left at most, so that later rounds have some too.</summary>
    /// <param name="units">Of the part at most.</param>
    public Part PartOf(int units) => new(this, (int)Math.Min(units, _left / 4));

    private void Spend(int units)
    {
        _left -= units;
        _untilCheck -= units;
        if (_untilCheck > 0 || Stopped != StopReason.None)
            return;
        _untilCheck = UnitsPerCheck;
        Stopped = budget.Check();
    }

    /// <summary>A part with a limit of its own.</summary>
    /// <param name="whole">What it is a part of.</param>
    /// <param name="most">Units.</param>
    internal sealed class Part(QuotaWork whole, int most)
    {
        private int _left = most;

        /// <summary>True when the part, or the whole, is done.</summary>
        public bool IsDone => _left <= 0 || whole.IsDone;

        /// <summary>Does some units.</summary>
        /// <returns>False when nothing more is to be done.</returns>
        public bool Spend(int units)
        {
            _left -= units;
            whole.Spend(units);
            return !IsDone;
        }
    }
}
