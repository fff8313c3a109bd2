using System.Runtime.InteropServices;

namespace Ann.Core.Ranking;

/// <summary>
/// What to choose from under caps and floors, without knowing of an index: candidates, best first, with the slots and floors that each
/// counts for. A slot is one value of one cap.
/// </summary>
/// <param name="k">Items wanted, 1 or more.</param>
internal sealed class QuotaProblem(int k)
{
    private readonly List<double> _scores = [];
    private readonly List<int> _slots = [];
    private readonly List<int> _slotEnds = [];
    private readonly List<int> _floors = [];
    private readonly List<int> _floorEnds = [];
    private readonly List<int> _most = [];
    private readonly List<int> _capOf = [];
    private readonly List<int> _least = [];

    /// <summary>Items wanted.</summary>
    public int K => k;

    /// <summary>Candidates.</summary>
    public int Count => _scores.Count;

    /// <summary>Slots of all caps.</summary>
    public int SlotCount => _most.Count;

    /// <summary>Floors.</summary>
    public int FloorCount => _least.Count;

    /// <summary>Slots of the candidate that has the most.</summary>
    public int MostSlotsOfOne { get; private set; }

    /// <summary>Floors of the candidate that has the most.</summary>
    public int MostFloorsOfOne { get; private set; }

    /// <summary>Adds a value of a cap.</summary>
    /// <returns>Its slot.</returns>
    public int AddSlot(int cap, int most)
    {
        _capOf.Add(cap);
        _most.Add(most);
        return _most.Count - 1;
    }

    /// <summary>Adds a floor.</summary>
    /// <returns>Its number.</returns>
    public int AddFloor(int least)
    {
        _least.Add(least);
        return _least.Count - 1;
    }

    /// <summary>Adds a candidate.</summary>
    /// <param name="score">Larger is better; no larger than that of the candidate before.</param>
    /// <param name="slots">Each once.</param>
    /// <param name="floors">Each once.</param>
    public void Add(double score, ReadOnlySpan<int> slots, ReadOnlySpan<int> floors)
    {
        _scores.Add(score);
        _slots.AddRange(slots);
        _slotEnds.Add(_slots.Count);
        _floors.AddRange(floors);
        _floorEnds.Add(_floors.Count);
        MostSlotsOfOne = Math.Max(MostSlotsOfOne, slots.Length);
        MostFloorsOfOne = Math.Max(MostFloorsOfOne, floors.Length);
    }

    /// <summary>Score of a candidate.</summary>
    public double ScoreOf(int item) => _scores[item];

    /// <summary>Slots of a candidate.</summary>
    public ReadOnlySpan<int> SlotsOf(int item) =>
        CollectionsMarshal.AsSpan(_slots)[(item == 0 ? 0 : _slotEnds[item - 1]).._slotEnds[item]];

    /// <summary>Floors of a candidate.</summary>
    public ReadOnlySpan<int> FloorsOf(int item) =>
        CollectionsMarshal.AsSpan(_floors)[(item == 0 ? 0 : _floorEnds[item - 1]).._floorEnds[item]];

    /// <summary>Most items of a slot.</summary>
    public int MostOf(int slot) => _most[slot];

    /// <summary>The cap of a slot.</summary>
    public int CapOf(int slot) => _capOf[slot];

    /// <summary>Least items of a floor.</summary>
    public int LeastOf(int floor) => _least[floor];
}

/// <summary>
/// How good a choice is. What floors lack counts first, then how many items there are, then the sum of their scores. Caps hold always.
/// </summary>
/// <param name="Missing">Items that floors lack, summed over the floors.</param>
/// <param name="Count">Items chosen.</param>
/// <param name="Score">Sum of their scores.</param>
internal readonly record struct QuotaValue(int Missing, int Count, double Score)
{
    /// <summary>True when this is better by more than rounding.</summary>
    public bool IsBetterThan(QuotaValue other)
    {
        if (Missing != other.Missing)
            return Missing < other.Missing;
        return Count != other.Count ? Count > other.Count : Score > other.Score + Slack(other.Score);
    }

    /// <summary>True when as few are missing and as many are there, whatever the scores.</summary>
    public bool IsAsFull(QuotaValue other) => Missing < other.Missing || (Missing == other.Missing && Count >= other.Count);

    /// <summary>What rounding makes of a sum.</summary>
    public static double Slack(double sum) => 1e-10 * (1 + Math.Abs(sum));
}
