using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>Candidates of a snapshot, all as of one read point.</summary>
internal sealed class SnapshotSource : ICandidateSource
{
    private readonly IndexSnapshot _index;
    private readonly int[] _columns;
    private readonly AttributeType[] _types;
    private readonly ItemSelection _selection;
    private readonly ItemSelection?[] _kinds;
    private readonly SelectionRefinement _refinement;
    private readonly Dictionary<(int Segment, int Cap, int Ordinal), int> _keywordSlots = [];

    /// <summary>Evaluates filter, exclusions and the floors' filters.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="query">Checked, but for its filters.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a filter; names the clause.</exception>
    public SnapshotSource(IndexSnapshot index, RankingQuery query)
    {
        _index = index;
        AttributeSchema schema = SchemaOf(index);
        _columns = [.. query.Caps.Select(cap => schema.Find(cap.Attribute))];
        _types = [.. _columns.Select(column => schema.Fields[column].Type)];
        Slots = new CapSlots(_types);
        ReadPoint at = index.Now;
        _refinement = new SelectionRefinement(index, at, _columns, Slots);
        _kinds = new ItemSelection?[query.Floors.Count];
        ItemSelection? selection = SelectionEvaluation.Run(index, at, query.Filter, query.Excluded);
        IsRestricted = selection is not null;
        _selection = selection ?? new ItemSelection(at, new NodeMask?[index.Segments.Count], index.Rows, index.Items, null);
        try
        {
            for (int floor = 0; floor < _kinds.Length; floor++)
                _kinds[floor] = KindOf(at, query.Floors[floor].Filter, $"floors[{floor}]");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Metric Metric => _index.Metric;

    /// <inheritdoc/>
    public int Dimension => _index.Dimension;

    /// <inheritdoc/>
    public CapSlots Slots { get; }

    /// <summary>What may be returned.</summary>
    public ItemSelection Selection => _selection;

    /// <summary>True when a filter or exclusions narrow it.</summary>
    public bool IsRestricted { get; }

    /// <summary>Attributes of an index, as its segments have them.</summary>
    public static AttributeSchema SchemaOf(IndexSnapshot index)
    {
        foreach (LiveSegment segment in index.Segments)
            if (segment.Attributes is { } attributes)
                return attributes.Schema;
        return AttributeSchema.Empty;
    }

    /// <inheritdoc/>
    public int Nearest(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits,
        out SearchStatistics statistics)
    {
        if (refinement.FullSlots.Count == 0 && refinement.Floors == 0)
            return _index.Search(query, in parameters, in budget, _selection, hits, out statistics);
        ItemSelection?[] kinds = [.. _kinds.Where((_, floor) => (refinement.Floors >> floor & 1) != 0)];
        using ItemSelection refined = _refinement.Run(_selection, kinds, refinement.FullSlots);
        statistics = default;
        return refined.Matching == 0 ? 0 : _index.Search(query, in parameters, in budget, refined, hits, out statistics);
    }

    /// <inheritdoc/>
    public void AddSlotsOf(SearchHit hit, List<int> slots)
    {
        if (_index.Segments[hit.Segment].Attributes is not { } attributes)
            return;
        for (int cap = 0; cap < _columns.Length; cap++)
        {
            int column = _columns[cap];
            if (!attributes.Has(column, hit.Node))
                continue;
            switch (_types[cap])
            {
                case AttributeType.Keyword:
                    slots.Add(SlotOf(hit.Segment, attributes, cap, attributes.Keywords(column, hit.Node + 1)[hit.Node]));
                    break;
                case AttributeType.KeywordSet:
                    int first = slots.Count;
                    foreach (int ordinal in attributes.SetOf(column, hit.Node))
                        AddOnce(slots, first, SlotOf(hit.Segment, attributes, cap, ordinal));
                    break;
                case AttributeType.Bool:
                    slots.Add(Slots.Of(cap, (long)(attributes.Bools(column, hit.Node + 1)[hit.Node >> 6] >> hit.Node & 1)));
                    break;
                default:
                    slots.Add(Slots.Of(cap, attributes.Integers(column, hit.Node + 1)[hit.Node]));
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsOf(int floor, SearchHit hit) => _kinds[floor]?.MaskOf(hit.Segment)?.Has(hit.Node) ?? true;

    /// <inheritdoc/>
    public int CompareKeys(SearchHit a, SearchHit b) => _index.KeyOf(a).CompareTo(_index.KeyOf(b));

    /// <inheritdoc/>
    public ReadOnlySpan<float> RowOf(SearchHit hit) => _index.RowOf(hit);

    /// <inheritdoc/>
    public void Dispose()
    {
        _selection.Dispose();
        foreach (ItemSelection? kind in _kinds)
            kind?.Dispose();
    }

    private static void AddOnce(List<int> slots, int first, int slot)
    {
        if (slots.IndexOf(slot, first) < 0)
            slots.Add(slot);
    }

    private ItemSelection? KindOf(ReadPoint at, Filter filter, string field)
    {
        try
        {
            return SelectionEvaluation.Run(_index, at, filter, null);
        }
        catch (AnnException error) when (error.Field is { } inner && !inner.StartsWith("floors", StringComparison.Ordinal))
        {
            throw AnnException.Invalid($"{field}.{inner}", error.Message);
        }
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
