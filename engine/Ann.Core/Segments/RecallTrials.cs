using System.Diagnostics;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>One way to search that is measured.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Beam width, <paramref name="K"/> at least.</param>
/// <param name="Cut">
/// Expansions after which the walk is stopped, a multiple of <see cref="SearchContext.ExpansionsPerCheck"/>; 0 for never.
/// </param>
internal readonly record struct RecallTrial(int K, int Ef, int Cut);

/// <summary>What a trial found.</summary>
/// <param name="Right">Results that are right.</param>
/// <param name="Wanted">Results of a right answer.</param>
internal readonly record struct TrialResult(int Right, int Wanted);

/// <summary>Asks a segment one query in several ways, and counts what each finds of the exact answer.</summary>
/// <remarks>
/// <para>Where the query is a row of the segment, that row is counted nowhere, and walks do not see its node. With it rows are far easier
/// than queries that are none, since its links lead straight to its nearest: 0.975 of ten found at ef 16, where other queries get 0.891
/// (200,000 rows of SIFT).</para>
/// <para>A node that only the hidden one links to is no part of the answer: had the row never been there, another node would link to it.
/// A row with an identical copy is a query like any other: it and the copies are what a query that equals them is to find. Nothing is
/// hidden from a walk that comes to all nodes anyway; nor are the entry point and nodes on upper levels, where walks come without those
/// links.</para>
/// <para>Where a walk found all of an answer, wider and longer ones are taken to find it too, since they come to the same nodes and
/// more. That spares most of the work.</para>
/// </remarks>
/// <param name="searcher">Of the segment.</param>
/// <param name="segment">The segment.</param>
/// <param name="inDegrees">Links to each node on level 0.</param>
internal sealed unsafe class RecallTrials(SegmentSearcher searcher, SegmentView segment, int[] inDegrees)
{
    private const int MostK = 100;

    private readonly Neighbor[] _exact = new Neighbor[KnownOf(segment.Count)];
    private readonly Neighbor[] _others = new Neighbor[Math.Min(MostK + 1, segment.Count)];
    private readonly Neighbor[] _found = new Neighbor[MostK + 1];

    /// <summary>Nearest rows that have to be known of a query, itself among them.</summary>
    /// <param name="rows">Of the segment.</param>
    public static int KnownOf(int rows) => Math.Min(MostK + 1, rows);

    /// <summary>Results of each trial.</summary>
    /// <param name="query">As a caller would give it.</param>
    /// <param name="exact">Its exact answer, <see cref="KnownOf"/> beam entries.</param>
    /// <param name="row">The row that it is; −1 for none.</param>
    /// <param name="trials">
    /// What to try: whole walks from the narrowest on, then those that are cut, from the shortest on. Of those that are alike but for k the
    /// one with the largest comes first.
    /// </param>
    /// <param name="results">One a trial.</param>
    public void Run(
        ReadOnlySpan<float> query, ReadOnlySpan<ulong> exact, int row, ReadOnlySpan<RecallTrial> trials, Span<TrialResult> results)
    {
        int known = exact.Length;
        for (int i = 0; i < known; i++)
            _exact[i] = new Neighbor(Beam.NodeOf(exact[i]), Beam.DistanceOf(exact[i]));
        if (row >= 0 && HasCopy(row, known))
            row = -1;
        bool hides = row >= 0 && CanHide(row);
        int others = Others(row, known, all: false);
        int found = 0;
        RecallTrial searched = default;
        for (int i = 0; i < trials.Length; i++)
        {
            RecallTrial trial = trials[i];
            bool sees = !hides || (trial.Cut == 0 && trial.Ef >= segment.Count);
            if (sees && row >= 0)
                others = Others(row, known, all: true);
            TieAwareRecall truth = TieAwareRecall.Of(_others.AsSpan(0, Math.Min(trial.K, others)));
            if (FoundAll(trials[..i], results, trial) == truth.Wanted)
            {
                results[i] = new TrialResult(truth.Wanted, truth.Wanted);
                continue;
            }
            if (trial.Ef != searched.Ef || trial.Cut != searched.Cut)
            {
                found = Search(query, trial, row, hidden: sees ? -1 : row);
                searched = trial;
            }
            Debug.Assert(trial.K <= searched.K);
            results[i] = new TrialResult(truth.CountRight(_found.AsSpan(0, Math.Min(trial.K, found))), truth.Wanted);
        }
    }

    /// <summary>How many results the last walk of the same kind found for the same k, if these were all; else −1.</summary>
    private static int FoundAll(ReadOnlySpan<RecallTrial> before, ReadOnlySpan<TrialResult> results, RecallTrial trial)
    {
        for (int i = before.Length - 1; i >= 0; i--)
        {
            if (before[i].K == trial.K && before[i].Cut > 0 == trial.Cut > 0)
                return results[i].Right == results[i].Wanted ? results[i].Wanted : -1;
        }
        return -1;
    }

    /// <summary>Leaves what a trial finds beside the row itself in the scratch.</summary>
    private int Search(ReadOnlySpan<float> query, RecallTrial trial, int row, int hidden)
    {
        int more = row >= 0 && hidden < 0 ? 1 : 0; // it finds itself
        int looks = trial.Cut > 0 ? trial.Cut / SearchContext.ExpansionsPerCheck : int.MaxValue;
        SegmentQuery asked = new()
        {
            Queries = query,
            Parameters = new SearchParameters(trial.K + more, trial.Ef + more),
            Budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) },
            Hidden = hidden,
        };
        int found = searcher.Search(in asked, SegmentSight.Whole(segment.Count), _found, out _);
        int kept = 0;
        for (int i = 0; i < found; i++)
            if (_found[i].Node != row)
                _found[kept++] = _found[i];
        return kept;
    }

    /// <summary>Leaves the exact answer beside the row itself in the scratch.</summary>
    /// <param name="row">−1 for none.</param>
    /// <param name="known">Length of the exact answer.</param>
    /// <param name="all">False leaves out what only the row's node links to.</param>
    private int Others(int row, int known, bool all)
    {
        int count = 0;
        foreach (Neighbor neighbor in _exact.AsSpan(0, known))
        {
            if (neighbor.Node == row)
                continue;
            if (!all && row >= 0 && inDegrees[neighbor.Node] <= 1 && segment.Graph.Neighbors(0, row).Contains(neighbor.Node))
                continue;
            _others[count++] = neighbor;
        }
        return count;
    }

    /// <summary>Upper levels lead to nodes that are on them, and walks start from the entry point.</summary>
    private bool CanHide(int row) => segment.Graph.LevelOf(row) == 0 && segment.Graph.EntryPoint != row;

    private bool HasCopy(int row, int known)
    {
        ReadOnlySpan<float> own = new(segment.Row(row), segment.Dimension);
        foreach (Neighbor neighbor in _exact.AsSpan(0, known))
            if (neighbor.Node != row && own.SequenceEqual(new ReadOnlySpan<float>(segment.Row(neighbor.Node), segment.Dimension)))
                return true;
        return false;
    }
}
