using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>Candidates of a snapshot, all as of one read point.</summary>
internal sealed class SnapshotSource : ICandidateSource
{
    private readonly IndexSnapshot _index;
    private readonly int[] _columns;
    private readonly AttributeForm[] _forms;
    private readonly QuerySelection _selected;
    private readonly ItemSelection _selection;
    private readonly BoundFilter[] _kindFilters;
    private readonly ItemSelection?[] _kinds;
    private readonly IReadOnlyList<Cap> _caps;
    private readonly Dictionary<(int Segment, int Cap, int Ordinal), int> _keywordSlots = [];

    /// <summary>Evaluates filter, exclusions and the floors' filters.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="query">Checked, but for its filters.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="now">What is seen: <see cref="IndexSnapshot.Now"/>, taken while the snapshot is held. Null for what it is now.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a filter; names the clause.</exception>
    public SnapshotSource(IndexSnapshot index, RankingQuery query, in SearchBudget budget, ReadPoint? now = null)
    {
        _index = index;
        _caps = query.Caps;
        AttributeSchema schema = index.Attributes;
        _columns = [.. _caps.Select(cap => schema.Find(cap.Attribute))];
        _forms = [.. _columns.Select(column => schema.Fields[column].Traits.Form)];
        Slots = new CapSlots(_forms);
        _kindFilters = [.. query.Floors.Select((floor, i) => index.Bind(floor.Filter, $"floors[{i}].filter"))];
        _kinds = new ItemSelection?[_kindFilters.Length];
        ReadPoint at = query.Selected?.At ?? now ?? index.Now;
        _selected = QuerySelection.Of(index, query, at, in budget);
        _selection = _selected.Items ?? new ItemSelection(index, at, new MaskHold[index.Segments.Count], index.Rows, StopReason.None);
        try
        {
            for (int floor = 0; floor < _kinds.Length; floor++)
                _kinds[floor] = SelectionEvaluation.Run(index, at, _kindFilters[floor], null, in budget);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Metric Metric => _index.Metric;

    public int Dimension => _index.Dimension;

    public CapSlots Slots { get; }

    public long Matching => _selection.Matching;

    /// <summary>What may be returned.</summary>
    public ItemSelection Items => _selection;

    /// <summary>How filter and exclusions narrow it.</summary>
    public QuerySelection Selection => _selected;

    public int Nearest(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits,
        out SearchStatistics statistics)
    {
        ItemSelection selection = _selection;
        try
        {
            Refine(ref selection, refinement, in budget);
            statistics = new SearchStatistics
            {
                Stopped = selection.Stopped,
                EstimatedRecall = selection.Stopped == StopReason.None ? 1 : 0,
            };
            return selection.Matching == 0 ? 0 : _index.Search(query, in parameters, in budget, selection, hits, out statistics);
        }
        finally
        {
            if (selection != _selection)
                selection.Dispose();
        }
    }

    public int Best(
        ExampleScores scores, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits, out SearchStatistics statistics)
    {
        ItemSelection selection = _selection;
        try
        {
            Refine(ref selection, refinement, in budget);
            statistics = new SearchStatistics { Stopped = selection.Stopped };
            return selection.Matching == 0 ? 0 : ExampleScan.Run(_index, selection, scores, in budget, hits, ref statistics);
        }
        finally
        {
            if (selection != _selection)
                selection.Dispose();
        }
    }

    public void AddSlotsOf(SearchHit hit, List<int> slots)
    {
        if (_index.Segments[hit.Segment].Attributes is not { } attributes)
            return;
        for (int cap = 0; cap < _columns.Length; cap++)
        {
            int column = _columns[cap];
            if (!attributes.Has(column, hit.Node))
                continue;
            if (_forms[cap] == AttributeForm.TextSet)
            {
                int first = slots.Count;
                foreach (int ordinal in attributes.SetOf(column, hit.Node))
                    AddOnce(slots, first, SlotOf(hit.Segment, attributes, cap, ordinal));
                continue;
            }
            slots.Add(_forms[cap] == AttributeForm.Text
                ? SlotOf(hit.Segment, attributes, cap, attributes.Keywords(column, hit.Node + 1)[hit.Node])
                : Slots.Of(cap, attributes.BitsOf(column, hit.Node)));
        }
    }

    public bool IsOf(int floor, SearchHit hit) => _kinds[floor]?.MaskOf(hit.Segment)?.Has(hit.Node) ?? true;

    public int CompareKeys(SearchHit a, SearchHit b) => _index.KeyOf(a).CompareTo(_index.KeyOf(b));

    public ReadOnlySpan<float> RowOf(SearchHit hit) => _index.RowOf(hit);

    public void Dispose()
    {
        _selected.Dispose();
        foreach (ItemSelection? kind in _kinds)
            kind?.Dispose();
    }

    private static void AddOnce(List<int> slots, int first, int slot)
    {
        if (slots.IndexOf(slot, first) < 0)
            slots.Add(slot);
    }

    /// <summary>
    /// Leaves what a refinement leaves. What is not the source's own selection afterwards is to be disposed, also on failure.
    /// </summary>
    private void Refine(ref ItemSelection selection, Refinement refinement, in SearchBudget budget)
    {
        for (int floor = 0; floor < _kinds.Length; floor++)
            if ((refinement.Floors >> floor & 1) != 0)
                Narrow(ref selection, _kindFilters[floor], in budget);
        if (refinement.FullSlots.Count > 0)
            Narrow(ref selection, _index.Bind(NotFull(refinement.FullSlots), "caps"), in budget);
    }

    private void Narrow(ref ItemSelection selection, BoundFilter filter, in SearchBudget budget)
    {
        ItemSelection narrower = selection.Refine(filter, in budget);
        if (selection != _selection)
            selection.Dispose();
        selection = narrower;
    }

    private Filter.NoneOf NotFull(IReadOnlyList<int> fullSlots)
    {
        List<Filter> clauses = [];
        foreach (IGrouping<int, CapValue> values in fullSlots.Select(slot => Slots[slot]).GroupBy(static value => value.Cap))
        {
            string attribute = _caps[values.Key].Attribute;
            clauses.Add(_forms[values.Key] switch
            {
                AttributeForm.Bit => new Filter.BoolIn(attribute, [.. values.Select(static value => value.Number != 0)]),
                AttributeForm.Integer => new Filter.IntegerIn(attribute, [.. values.Select(static value => value.Number)]),
                AttributeForm.Text or AttributeForm.TextSet =>
                    new Filter.KeywordIn(attribute, [.. values.Select(static value => value.Text!)]),
                AttributeForm.Real => throw new UnreachableException($"'{attribute}' is real; a cap takes no such."),
            });
        }
        return new Filter.NoneOf(new Filter.AnyOf(clauses));
    }

    private int SlotOf(int segment, AttributeTable attributes, int cap, int ordinal)
    {
        if (!_keywordSlots.TryGetValue((segment, cap, ordinal), out int slot))
        {
            slot = Slots.Of(cap, attributes.KeywordAt(_columns[cap], ordinal));
            _keywordSlots.Add((segment, cap, ordinal), slot);
        }
        return slot;
    }
}
