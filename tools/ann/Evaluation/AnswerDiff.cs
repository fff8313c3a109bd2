using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Interactions;
using Ann.Tool.Reports;

namespace Ann.Tool.Evaluation;

/// <summary>Asks two index files the same, and tells how their answers differ. Items are the same where their keys are.</summary>
/// <param name="a">The first file.</param>
/// <param name="b">The second one.</param>
/// <param name="parameters">k, beam width, exact or not; the same for both.</param>
internal sealed class AnswerDiff(SealedSegment a, SealedSegment b, SearchParameters parameters)
{
    /// <summary>Items and values that are told of.</summary>
    private const int Told = 20;

    private readonly ItemNames _names = new();
    private readonly AnsweredValues _valuesA = new(a);
    private readonly AnsweredValues _valuesB = new(b);
    private readonly Dictionary<int, int> _entered = [];
    private readonly Dictionary<int, int> _left = [];
    private readonly List<double> _overlaps = [];
    private readonly List<double> _shifts = [];
    private long _moves;
    private long _common;
    private int _same;

    /// <summary>Asks every query.</summary>
    /// <param name="queriesA">What the first file is asked.</param>
    /// <param name="queriesB">What the second is asked: the same, by another encoder perhaps. As many.</param>
    /// <param name="cancellation">Asks for an end.</param>
    public DiffReport Run(QuerySet queriesA, QuerySet queriesB, CancellationToken cancellation)
    {
        int[] ofA = _names.OfAll(a);
        int before = _names.Count;
        int[] ofB = _names.OfAll(b);
        Neighbor[] foundA = new Neighbor[parameters.K];
        Neighbor[] foundB = new Neighbor[parameters.K];
        SearchBudget budget = SearchBudget.Unlimited with { Cancellation = cancellation };
        for (int query = 0; query < queriesA.Count; query++)
        {
            int countA = a.Search(queriesA[query], in parameters, in budget, foundA, out _);
            int countB = b.Search(queriesB[query], in parameters, in budget, foundB, out _);
            cancellation.ThrowIfCancellationRequested();
            Compare(foundA[..countA], foundB[..countB], ofA, ofB);
        }
        HashSet<int> inB = [.. ofB];
        HashSet<int> inA = [.. ofA];
        return new DiffReport
        {
            A = a.Path,
            B = b.Path,
            GenerationA = a.Generation,
            GenerationB = b.Generation,
            Queries = queriesA.Count,
            K = parameters.K,
            Ef = parameters.Exact ? null : parameters.EfSearch,
            OnlyInA = ofA.Count(item => !inB.Contains(item)),
            OnlyInB = _names.Count - before,
            Overlap = _overlaps.Average(),
            Same = (double)_same / queriesA.Count,
            OverlapByQuery = DiffSpread.Of(_overlaps),
            RankChange = _common == 0 ? 0 : (double)_moves / _common,
            DistanceShift = _shifts.Count == 0 ? null : DiffSpread.Of(_shifts),
            Histogram =
            [
                .. Enumerable.Range(0, 11).Select(step => new DiffBin(
                    step / 10.0, step == 10 ? 1 : (step + 1) / 10.0, _overlaps.Count(overlap => (int)(overlap * 10 + 1e-9) == step))),
            ],
            Entered = Most(_entered, inA),
            Left = Most(_left, inB),
            Values = a.Attributes is null && b.Attributes is null
                ? null
                : [.. _valuesA.Values.Union(_valuesB.Values)
                    .Select(value => new DiffValue(value.Attribute, value.Value, _valuesA.ShareOf(value), _valuesB.ShareOf(value)))
                    .OrderByDescending(static value => Math.Abs(value.Change))
                    .ThenBy(static value => value.Attribute, StringComparer.Ordinal)
                    .ThenBy(static value => value.Value, StringComparer.Ordinal).Take(Told)],
        };
    }

    private void Compare(Neighbor[] foundA, Neighbor[] foundB, int[] ofA, int[] ofB)
    {
        Dictionary<int, int> rankA = foundA.Select((found, rank) => (ofA[found.Node], rank)).ToDictionary();
        int both = 0;
        int moved = 0;
        for (int rank = 0; rank < foundB.Length; rank++)
        {
            int item = ofB[foundB[rank].Node];
            _valuesB.Add(foundB[rank].Node);
            if (!rankA.Remove(item, out int former))
            {
                _entered[item] = _entered.GetValueOrDefault(item) + 1;
                continue;
            }
            both++;
            moved += Math.Abs(rank - former);
            if (a.Metric == b.Metric)
                _shifts.Add((double)foundB[rank].Distance - foundA[former].Distance);
        }
        foreach (Neighbor found in foundA)
            _valuesA.Add(found.Node);
        foreach (int item in rankA.Keys)
            _left[item] = _left.GetValueOrDefault(item) + 1;
        int length = Math.Max(foundA.Length, foundB.Length);
        _overlaps.Add(length == 0 ? 1 : (double)both / length);
        _common += both;
        _moves += moved;
        _same += both == length && moved == 0 ? 1 : 0;
    }

    private DiffItem[] Most(Dictionary<int, int> counts, HashSet<int> other) =>
    [
        .. counts.OrderByDescending(static one => one.Value).ThenBy(one => _names[one.Key], StringComparer.Ordinal).Take(Told)
            .Select(one => new DiffItem(_names[one.Key], one.Value, other.Contains(one.Key))),
    ];
}
