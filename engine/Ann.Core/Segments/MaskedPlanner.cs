using System.Diagnostics;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// How a search among the nodes of a mask is done, by what it would cost: all of them looked at, a walk through the nodes that are
/// refused, or a walk over them.
/// </summary>
/// <remarks>
/// The costs are nanoseconds of one core, set by hand to about what <c>ann-bench filters</c> measured (ADR 0016). Only their ratios count:
/// they decide between plans, and are shown to nobody.
/// </remarks>
/// <param name="nodes">Nodes of the segment.</param>
/// <param name="matches">Nodes of the mask, 1 or more.</param>
/// <param name="k">Results wanted.</param>
/// <param name="ef">Beam width.</param>
/// <param name="slots">Links of a node on level 0.</param>
/// <param name="rowBytes">Bytes that one score reads.</param>
/// <param name="isEstimated">True in the fast layout, where most neighbours are never scored.</param>
internal readonly struct MaskedPlanner(int nodes, int matches, int k, int ef, int slots, int rowBytes, bool isEstimated)
{
    /// <summary>
    /// A walk over refused nodes loses its way where the rows left lie in many small pieces far from the query. This many times its beam
    /// finds most of them.
    /// </summary>
    public const int OpposedWidths = 16;

    /// <summary>
    /// The walk through refused nodes may keep this many times the nodes that it would were the mask everywhere alike, and a margin, before
    /// it is given up: less where a scan would cost less than that, but no less than a half more.
    /// </summary>
    private const double MostWidths = 4;

    private const double LeastWidths = 1.5;

    private const int RoomMargin = 512;

    /// <summary>A scan beyond this is no answer to a query: 100 ms, some eight million rows of 128 bytes.</summary>
    private const double LongestScanNs = 1e8;

    private const int LeastOpposedMargin = 512;

    private const int MostOpposedMargin = 12_800;

    /// <summary>
    /// Accepted nodes kept for each refused one of a hole. Measured: 1 loses a hundredth of the answers behind holes of 1,000 to 3,000,
    /// 1.5 at most three thousandths.
    /// </summary>
    private const double HoleWidths = 1.5;

    /// <summary>Refused nodes in a beam that make no hole: this share of its width.</summary>
    private const double HoleMargin = 0.5;

    /// <summary>Holes are looked for where at least this share of the nodes may be returned.</summary>
    private const double FewRefused = 0.9;

    /// <summary>A word of a mask.</summary>
    private const double WordNs = 0.4;

    /// <summary>A row, whatever its length: found in the mask, scored, compared with the worst that is kept.</summary>
    private const double RowNs = 6;

    /// <summary>A byte of a row.</summary>
    private const double ByteNs = 0.045;

    /// <summary>A node that a walk through refused nodes expands, its neighbours estimated.</summary>
    private const double EstimatedNs = 340;

    /// <summary>The same without what its neighbours' scores cost, where all that were not seen yet are scored: about a third.</summary>
    private const double ScoredNs = 200;

    private const double ScoredShare = 0.33;

    /// <summary>Sorting in what a beam keeps, for each entry that it holds and node that is expanded.</summary>
    private const double EntryNs = 0.05;

    /// <summary>The same of a beam of many thousands, which leaves the nearer caches.</summary>
    private const double WideEntryNs = 0.15;

    /// <summary>The same over refused nodes, where an expansion finds many more.</summary>
    private const double FoundEntryNs = 0.8;

    /// <summary>A node that a walk over refused nodes expands.</summary>
    private const double ExpandNs = 1000;

    /// <summary>A refused neighbour: its row of links fetched.</summary>
    private const double BridgeNs = 110;

    /// <summary>A node looked at over a refused one: its bit in the mask.</summary>
    private const double LookNs = 1.8;

    /// <summary>Before any walk: the query's codes, the greedy descent.</summary>
    private const double StartNs = 12_000;

    /// <summary><see cref="Wanted"/> of any segment.</summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="share">Share of the nodes that may be returned, 0 to 1.</param>
    public static int WantedOf(int k, int ef, double share) => Math.Min(k + (int)Math.Ceiling((ef - k) * Math.Sqrt(share)), ef);

    /// <summary>Share of the nodes that may be returned.</summary>
    private double Share => Math.Min(1, (double)matches / nodes);

    private double ScoreNs => RowNs + ByteNs * rowBytes;

    /// <summary>
    /// Accepted nodes that the walk through refused ones keeps. The refused nodes among them widen the beam, and a wide beam is less often
    /// wrong about its first part than a narrow one of the same proportions: so fewer beyond k the more are refused.
    /// </summary>
    public int Wanted => WantedOf(k, ef, Share);

    /// <summary>Nodes that it keeps at most, refused ones with them.</summary>
    public int Room
    {
        get
        {
            double kept = Wanted / Share;
            double paid = ScanNs / (ExpandedNs + kept * EntryNs);
            return (int)Math.Min(nodes, Math.Clamp(paid, LeastWidths * kept, MostWidths * kept + RoomMargin));
        }
    }

    /// <summary>The plan that costs least.</summary>
    public SearchPlan Choose()
    {
        Debug.Assert(matches > 0 && nodes > 0);
        double scan = ScanNs;
        if (matches <= ef || scan <= Math.Min(FilteredNs, TwoHopNs(ef)))
            return SearchPlan.Scan;
        return FilteredNs <= TwoHopNs(ef) ? SearchPlan.FilteredWalk : SearchPlan.TwoHopWalk;
    }

    /// <summary>
    /// Candidates beyond k that are ranked anew where the nearest nodes are refused: those that follow lie as far from the query as the
    /// refused ones reach, and there are the more of them within the error of the codes the more are refused. Measured: an eighth.
    /// </summary>
    public int OpposedMargin
    {
        get
        {
            int refused = nodes - matches;
            return refused > matches ? LeastOpposedMargin : Math.Clamp(refused / 8, LeastOpposedMargin, MostOpposedMargin);
        }
    }

    /// <summary>
    /// True when a walk met so many more refused nodes than a mask that is everywhere alike would have had that they are a hole around the
    /// query, as what a user has seen makes. What it found then is the last part of its beam, which is the least sure.
    /// </summary>
    /// <param name="found">Accepted nodes in its beam.</param>
    /// <param name="refused">Refused ones in it.</param>
    public bool IsBehindHole(int found, int refused) =>
        Share >= FewRefused && refused > HoleMargin * ef + 2 * found * (1 - Share) / Share;

    /// <summary>Accepted nodes that a walk keeps behind a hole, so that the nearest k are in the first part of its beam.</summary>
    /// <param name="refused">Nodes of the hole.</param>
    public int WantedBehind(int refused) =>
        (int)Math.Min(nodes, Math.Max(Wanted, k + HoleWidths * refused));

    /// <summary>
    /// The room of that walk, which has place for all nodes of the hole, so that it cannot be crowded out by them. 0 where it costs more
    /// than half a scan, which misses nothing.
    /// </summary>
    /// <param name="refused">Nodes of the hole.</param>
    public int RoomBehind(int refused)
    {
        double kept = refused + WantedBehind(refused) / Share;
        return kept * (ExpandedNs + kept * WideEntryNs) <= ScanNs / 2 ? (int)Math.Min(nodes, kept) : 0;
    }

    /// <summary>
    /// The plan where the filter is known to oppose the query: few of the nodes around it may be returned. A scan, since no walk over
    /// refused nodes keeps the promise there (recall 0.16 to 0.96, by shape); the walk only where a scan would take too long.
    /// </summary>
    public SearchPlan ChooseOpposed() => ScanNs <= LongestScanNs ? SearchPlan.Scan : SearchPlan.TwoHopWalk;

    /// <summary>True when so few of the nodes around the query may be returned that the filter opposes it.</summary>
    /// <param name="shareAround">Of those.</param>
    public bool IsOpposed(float shareAround) => shareAround < Share / 4;

    /// <summary>A scan of the nodes of the mask.</summary>
    public double ScanNs => nodes / 64.0 * WordNs + matches * ScoreNs;

    /// <summary>A walk through refused nodes, were the mask everywhere alike.</summary>
    public double FilteredNs
    {
        get
        {
            double kept = Wanted / Share;
            return kept > nodes / 2.0 ? double.PositiveInfinity : StartNs + kept * (ExpandedNs + kept * EntryNs);
        }
    }

    private double ExpandedNs => isEstimated ? EstimatedNs : ScoredNs + ScoredShare * slots * ScoreNs;

    /// <summary>A walk over refused nodes, were the mask everywhere alike.</summary>
    private double TwoHopNs(int width)
    {
        double direct = slots * Share;
        double missing = slots - direct;
        double bridges = Math.Min(missing, missing / Math.Max(direct, 1e-9));
        double found = Math.Min(slots, direct + bridges * direct);
        double each = ExpandNs + bridges * (BridgeNs + slots * LookNs) + found * ScoreNs + width * FoundEntryNs;
        return StartNs + Math.Min(width, matches) * each;
    }
}
