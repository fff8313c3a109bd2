using System.Diagnostics;

namespace Ann.Core.Searching;

/// <summary>When a search has to stop. Looked at every few expansions, so it costs nothing measurable.</summary>
/// <remarks>
/// Whatever a search does, it looks here at least once for each 100 µs or so of work on ordinary rows, so that a cancelled call burns less
/// than a millisecond more: every 16 expansions of a walk, every 512 kB of rows of a scan, every 512 rows of a rerank.
/// </remarks>
/// <param name="DeadlineTimestamp">A <see cref="Stopwatch.GetTimestamp"/> value; <see cref="long.MaxValue"/> for none.</param>
/// <param name="Cancellation">Cancelled when nobody waits for the answer any more.</param>
internal readonly record struct SearchBudget(long DeadlineTimestamp, CancellationToken Cancellation)
{
    /// <summary>Stops after a number of looks, whatever the clock says; null for no such limit.</summary>
    internal CheckLimit? Limit { get; init; }

    /// <summary>Learns how the time is spent; null where nobody wants to know.</summary>
    internal RerankTimer? Timer { get; init; }

    /// <summary>No limit.</summary>
    public static SearchBudget Unlimited => new(long.MaxValue, CancellationToken.None);

    /// <summary>Why the search must stop now; <see cref="StopReason.None"/> when it may go on.</summary>
    public StopReason Check()
    {
        if (Cancellation.IsCancellationRequested)
            return StopReason.Cancelled;
        if (Limit is not null && Limit.Check())
            return Limit.Reason;
        return DeadlineTimestamp != long.MaxValue && Stopwatch.GetTimestamp() >= DeadlineTimestamp
            ? StopReason.Deadline
            : StopReason.None;
    }
}

/// <summary>
/// Ends a search after a number of looks at its budget: work that is cut at the same place each time, for measuring and for tests.
/// </summary>
/// <param name="looks">Looks that pass; the next one stops, and all after it.</param>
/// <param name="reason">What they then say.</param>
internal sealed class CheckLimit(int looks, StopReason reason = StopReason.Deadline)
{
    /// <summary>Looks so far.</summary>
    public int Looks { get; private set; }

    /// <summary>What is said when it stops.</summary>
    public StopReason Reason => reason;

    /// <summary>Counts a look. True when it stops.</summary>
    public bool Check() => ++Looks > looks;
}

/// <summary>Time that the searches of one call spend on ranking anew what their walks found. One thread at a time.</summary>
internal sealed class RerankTimer
{
    private long _began;

    /// <summary>Spent so far.</summary>
    public TimeSpan Spent { get; private set; }

    /// <summary>A rerank begins.</summary>
    public void Begin() => _began = Stopwatch.GetTimestamp();

    /// <summary>It ends.</summary>
    public void End() => Spent += Stopwatch.GetElapsedTime(_began);
}

/// <summary>Why a search ended before it was complete.</summary>
public enum StopReason : byte
{
    /// <summary>It was complete.</summary>
    None,

    /// <summary>The deadline of its <see cref="SearchBudget"/> passed.</summary>
    Deadline,

    /// <summary>Its caller went away.</summary>
    Cancelled,
}

/// <summary>What one query asks of a segment.</summary>
/// <param name="K">Results wanted, 1 to <see cref="MaxK"/>.</param>
/// <param name="EfSearch">
/// Beam width on level 0: <paramref name="K"/> to <see cref="MaxEfSearch"/>; 0 takes <see cref="DefaultEfSearch"/>.
/// </param>
/// <param name="Exact">
/// Scan every row instead of walking the graph. The answer is then exact; <paramref name="EfSearch"/> is not used.
/// </param>
internal readonly record struct SearchParameters(int K, int EfSearch = 0, bool Exact = false)
{
    /// <summary>Largest <see cref="K"/>.</summary>
    public const int MaxK = 10_000;

    /// <summary>Largest <see cref="EfSearch"/>.</summary>
    public const int MaxEfSearch = 40_000;

    /// <summary>
    /// Candidates of a walk on codes whose exact distance is computed, at most; the others keep the order and the distances of the codes. 0
    /// for as many as the answer needs.
    /// </summary>
    public int MostReranked { get; init; }

    /// <summary>The beam width when the caller names none: wide enough for recall ≥ 0.98 on ordinary data, 1.5 × k for large k.</summary>
    public static int DefaultEfSearch(int k) => Math.Max(128, k + k / 2);

    /// <summary>The beam width that is used: <see cref="EfSearch"/>, or the default for <see cref="K"/>.</summary>
    public int BeamWidth => EfSearch == 0 ? DefaultEfSearch(K) : EfSearch;

    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field, the range and the value.</exception>
    public void Validate()
    {
        if (K is < 1 or > MaxK)
            throw AnnException.Invalid("k", $"k is {K}; it must be 1 to {MaxK}.");
        if (EfSearch != 0 && (EfSearch < K || EfSearch > MaxEfSearch))
            throw AnnException.Invalid("ef_search", $"ef_search is {EfSearch}; it must be k ({K}) to {MaxEfSearch}, or not set.");
    }
}

/// <summary>How the nodes that may be returned were found.</summary>
internal enum SearchPlan : byte
{
    /// <summary>The graph, with nothing to refuse.</summary>
    Walk = 1,

    /// <summary>The graph, through nodes that are refused.</summary>
    FilteredWalk,

    /// <summary>The graph of the nodes that may be returned, with steps over those that may not (ACORN, Patel et al. 2024).</summary>
    TwoHopWalk,

    /// <summary>Every node that may be returned.</summary>
    Scan,
}

/// <summary>What one search cost.</summary>
internal struct SearchStatistics
{
    /// <summary>Distances computed in the walk or scan, upper levels included.</summary>
    public int Visited { get; set; }

    /// <summary>Nodes whose links were followed on level 0.</summary>
    public int Expanded { get; set; }

    /// <summary>Candidates whose exact distance was computed after the walk. 0 when the walk itself is exact.</summary>
    public int Reranked { get; set; }

    /// <summary>The beam width used; 0 for an exact scan.</summary>
    public int EfSearch { get; set; }

    /// <summary>How the largest segment was searched, at the end.</summary>
    public SearchPlan Plan { get; set; }

    /// <summary>Why the search ended early, if it did. The results are then the best found so far.</summary>
    public StopReason Stopped { get; set; }

    /// <summary>
    /// Nodes that may be returned and that the last walk with a filter had in its beam at the end; 0 without such a walk.
    /// </summary>
    public int Kept { get; set; }

    /// <summary>Nodes that may not, in the same beam.</summary>
    public int Refused { get; set; }

    /// <summary>True of a scan that ranked anew but some of the rows that it scored by codes, so that it may have missed others.</summary>
    public bool IsByCodes { get; set; }

    /// <summary>
    /// Recall that the answer has, by what was measured of the segments when they were built and by the work that was done, 0 to 1. NaN
    /// when unknown. Of an index only: a segment's own search leaves it 0.
    /// </summary>
    public double EstimatedRecall { get; set; }
}
