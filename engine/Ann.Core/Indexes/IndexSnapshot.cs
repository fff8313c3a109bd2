using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// What a search sees of an index: its segments at one moment, taken at the start of a call and held to its end
/// (<see cref="SnapshotLease"/>).
/// </summary>
internal sealed class IndexSnapshot
{
    private readonly LiveSegment[] _segments;
    private volatile LastPoint? _last;
    private HolderCount _holders = HolderCount.One;

    /// <summary>Holds each of the segments once more.</summary>
    /// <param name="name">Name of the index.</param>
    /// <param name="generation">The generation that answers.</param>
    /// <param name="encoders">Who made the rows, and who makes the queries; null fingerprints when unknown.</param>
    /// <param name="segments">Oldest first; one at least.</param>
    /// <param name="encoder">The encoder that the generation brought along, held once more; null for none.</param>
    internal IndexSnapshot(
        string name, string generation, EncoderPair encoders, IEnumerable<LiveSegment> segments, GenerationEncoder? encoder = null)
    {
        Name = name;
        Generation = generation;
        Encoders = encoders;
        _segments = [.. segments];
        Debug.Assert(_segments.Length > 0);
        foreach (LiveSegment segment in _segments)
            segment.Hold();
        Encoder = encoder;
        encoder?.Hold();
    }

    /// <summary>Name of the index.</summary>
    public string Name { get; }

    /// <summary>The generation that answers.</summary>
    public string Generation { get; }

    /// <summary>Who made the rows, and who makes the queries that are asked of them. Unknown where the builder was told of none.</summary>
    public EncoderPair Encoders { get; }

    /// <summary>
    /// The encoder that the generation brought along: of its queries, and of its rows where one is both. Open as long as the snapshot is
    /// held. Null where there is none, or where nobody runs encoders.
    /// </summary>
    public GenerationEncoder? Encoder { get; }

    /// <summary>Where recent queries are kept; null for an index that is a file.</summary>
    internal QuerySamples? Samples { get; init; }

    /// <summary>Oldest first; the last one of a live index is its head.</summary>
    public IReadOnlyList<LiveSegment> Segments => _segments;

    internal LiveSegment[] SegmentArray => _segments;

    /// <summary>Attributes of the items; empty when they have none.</summary>
    public AttributeSchema Attributes
    {
        get
        {
            foreach (LiveSegment segment in _segments)
                if (segment.Attributes is { } table)
                    return table.Schema;
            return AttributeSchema.Empty;
        }
    }

    /// <summary>Rows of all segments, the deleted ones too: no search finds more.</summary>
    public long Rows
    {
        get
        {
            long rows = 0;
            foreach (LiveSegment segment in _segments)
                rows += segment.Count;
            return rows;
        }
    }

    /// <summary>
    /// What is seen now: what the head has published, until another snapshot takes this one's place (<see cref="End"/>).
    /// </summary>
    public ReadPoint Now
    {
        get
        {
            ReadPoint published = _segments[^1].Published;
            return _last?.Point ?? published; // read after it: who saw a later one published sees that this is the end
        }
    }

    /// <summary>How nearness is measured.</summary>
    public Metric Metric => _segments[0].Metric;

    /// <summary>Components of a vector.</summary>
    public int Dimension => _segments[0].Dimension;

    /// <summary>What keys are.</summary>
    public KeyKind KeyKind => _segments[0].KeyKind;

    /// <summary>
    /// Items: rows that are seen, the deleted ones left out. Counted at the moment of the call; while a batch is being written its
    /// deletions may be counted before its rows.
    /// </summary>
    public long Items
    {
        get
        {
            long items = 0;
            foreach (LiveSegment segment in _segments.AsSpan(..^1))
                items += segment.Count - segment.DeadCount; // seen whole
            LiveSegment last = _segments[^1];
            return items + Math.Max(0, Math.Min(last.Count, Now.Rows) - last.DeadCount);
        }
    }

    /// <summary>Refuses queries of another encoder than the one whose queries fit the rows: the distances would mean nothing.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: names both encoders, and the generation.</exception>
    public void RequireQueryEncoder(ulong fingerprint) => Require(Encoders.Queries, fingerprint, "takes queries of encoder");

    /// <summary>Refuses rows of another encoder than the one that made those of the index.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: names both encoders, and the generation.</exception>
    public void RequireItemEncoder(ulong fingerprint) => Require(Encoders.Items, fingerprint, "was built with encoder");

    /// <summary>Finds out which items a search may return, once for all its rows.</summary>
    /// <param name="filter">Null for all.</param>
    /// <param name="excluded">Null for none.</param>
    /// <returns>Null when every item may be returned.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: an unknown attribute, another type, a tree beyond its limits; names the clause.
    /// </exception>
    public ItemSelection? Select(Filter? filter, ExcludedKeys? excluded) =>
        Select(filter is null ? null : Bind(filter), excluded, SearchBudget.Unlimited);

    /// <summary>The same with a filter that was checked before, and within a budget.</summary>
    /// <param name="filter">Null for all. One that was bound to another schema is bound anew.</param>
    /// <param name="excluded">Null for none.</param>
    /// <param name="budget">When to stop early: <see cref="ItemSelection.Stopped"/>.</param>
    /// <returns>Null when every item may be returned. To be disposed before the snapshot is let go.</returns>
    public ItemSelection? Select(BoundFilter? filter, ExcludedKeys? excluded, in SearchBudget budget) =>
        SelectionEvaluation.Run(this, Now, filter, excluded, in budget);

    /// <summary>Checks a filter against the attributes and keys of the index.</summary>
    /// <param name="filter">May be nonsense.</param>
    /// <param name="field">How the caller spells it: errors name clauses of it.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: as for <see cref="BoundFilter.Bind"/>.</exception>
    public BoundFilter Bind(Filter filter, string field = "filter") => BoundFilter.Bind(filter, Attributes, KeyKind, field);

    /// <summary>The clauses of a filter that are false of an item, in the order of the request; none when it takes it. Slow.</summary>
    /// <param name="filter">Bound to this snapshot.</param>
    /// <param name="hit">The item.</param>
    /// <param name="at"><see cref="Now"/>, taken while the snapshot is held.</param>
    public IReadOnlyList<FailedClause> FailedClauses(BoundFilter filter, SearchHit hit, ReadPoint at)
    {
        LiveSegment segment = _segments[hit.Segment];
        SegmentNodes nodes = new(segment.Attributes, segment, SnapshotSearch.PointOf(_segments, hit.Segment, at));
        return filter.For(Attributes, KeyKind).FailedClauses(in nodes, hit.Node);
    }

    /// <summary>
    /// Finds the nearest items of one query over all segments, nearest first, ties by key; of a selection k of them whenever there are k.
    /// Synchronous; allocates nothing in steady state.
    /// </summary>
    /// <param name="query">As many components as <see cref="Dimension"/>.</param>
    /// <param name="parameters">k, beam width, exact or not. Of several segments the smaller ones get a share of the beam first.</param>
    /// <param name="budget">When to stop early; shared by the segments.</param>
    /// <param name="selection">Of this snapshot; null for all items.</param>
    /// <param name="results">Room for at least k.</param>
    /// <param name="statistics">
    /// Sums over all walks, but for the beam width and the plan; the first reason that stopped any of them.
    /// </param>
    /// <returns>Results written.</returns>
    public int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ItemSelection? selection,
        Span<SearchHit> results, out SearchStatistics statistics)
    {
        Span<int> counts = [0];
        Span<SearchStatistics> sums = [default];
        if (query.Length != Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", Dimension, query.Length);
        Run(query, in parameters, in budget, selection, results, counts, sums);
        statistics = sums[0];
        return counts[0];
    }

    /// <summary>The same for several queries on the calling thread. Results of query i start at i·k.</summary>
    public void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ItemSelection? selection,
        Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        if (queries.Length != (long)counts.Length * Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", Dimension, queries.Length / Math.Max(counts.Length, 1));
        if (counts.Length > 0)
            Run(queries, in parameters, in budget, selection, results, counts, statistics);
    }

    /// <summary>
    /// What a search may return as of a write that was made while the snapshot was held: for measuring recall of an answer given then.
    /// </summary>
    /// <param name="at">What the answer saw.</param>
    /// <param name="filter">Which items could be returned; null for all.</param>
    /// <param name="excluded">Items that could not; null for none.</param>
    /// <param name="budget">When to stop.</param>
    public ItemSelection SelectAsOf(ReadPoint at, BoundFilter? filter, ExcludedKeys? excluded, in SearchBudget budget) =>
        SelectionEvaluation.Run(this, at, filter, excluded, in budget)
        ?? new ItemSelection(this, at, new MaskHold[_segments.Length], Rows, StopReason.None); // items may seem fewer during a write

    /// <summary>Looks an item up by its key.</summary>
    /// <param name="key">Of the index's kind.</param>
    /// <param name="hit">Where it is; its distance is 0.</param>
    /// <returns>False when there is no such item.</returns>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a key of the other kind.</exception>
    public bool TryFind(in ItemKey key, out SearchHit hit) => TryFind(in key, Now, out hit);

    /// <summary>The same as of one write: several keys looked up at one point see a batch whole or not at all.</summary>
    /// <param name="key">Of the index's kind.</param>
    /// <param name="at"><see cref="Now"/>, taken while the snapshot is held.</param>
    /// <param name="hit">Where it is; its distance is 0.</param>
    public bool TryFind(in ItemKey key, ReadPoint at, out SearchHit hit)
    {
        if (key.Kind != KeyKind)
        {
            throw AnnException.Invalid(
                "key", $"Index '{Name}' has keys of kind {KeyKind}; the key {key.ToString()} is of kind {key.Kind}.");
        }
        for (int i = _segments.Length - 1; i >= 0; i--)
        {
            int node = _segments[i].Find(in key, SnapshotSearch.PointOf(_segments, i, at));
            if (node < 0)
                continue;
            hit = new SearchHit(i, node, 0);
            return true;
        }
        hit = default;
        return false;
    }

    /// <summary>True when a node is an item as of one write: there already, and not deleted or replaced.</summary>
    /// <param name="segment">Number of the segment in the snapshot.</param>
    /// <param name="node">Node of that segment.</param>
    /// <param name="at"><see cref="Now"/>, taken while the snapshot is held.</param>
    public bool Sees(int segment, int node, ReadPoint at) =>
        _segments[segment].Dead.LiveAt(SnapshotSearch.PointOf(_segments, segment, at)).Accepts(node);

    /// <summary>The key of a result.</summary>
    public ItemKey KeyOf(SearchHit hit) => _segments[hit.Segment].KeyOf(hit.Node);

    /// <summary>The vector of a result as it is stored: unit length under cosine.</summary>
    public ReadOnlySpan<float> RowOf(SearchHit hit) => _segments[hit.Segment].Row(hit.Node);

    /// <summary>
    /// The payload of a result; empty when it has none. Read where it lies: who copies several sums their lengths first, which costs
    /// nothing. Valid while the snapshot is held.
    /// </summary>
    public ReadOnlySpan<byte> PayloadOf(SearchHit hit) => _segments[hit.Segment].Payload(hit.Node);

    /// <summary>Appends all attributes of a result to a batch.</summary>
    /// <param name="hit">Of this snapshot.</param>
    /// <param name="into">Of the schema <see cref="Attributes"/>.</param>
    public void CopyAttributes(SearchHit hit, AttributeBatch into) => _segments[hit.Segment].Attributes?.CopyTo(hit.Node, into);

    /// <summary>Appends one attribute of a result to a column.</summary>
    /// <param name="hit">Of this snapshot.</param>
    /// <param name="column">Of <see cref="Attributes"/>.</param>
    /// <param name="into">Of that attribute.</param>
    public void CopyAttribute(SearchHit hit, int column, AttributeColumn into)
    {
        Debug.Assert(Attributes.Fields[column] == into.Field);
        _segments[hit.Segment].Attributes!.CopyTo(column, hit.Node, into);
    }

    /// <summary>Offers a query for the judging of candidates: one now and then is kept. Does nothing for an index that is a file.</summary>
    public void Sample(ReadOnlySpan<float> query) => Samples?.Offer(query);

    /// <summary>Holds the snapshot once more, for longer than the call that holds it. Dispose the lease.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds it.</exception>
    public SnapshotLease HoldLonger() =>
        TryHold() ? new SnapshotLease(this) : throw new InvalidOperationException("Only a snapshot that is held can be held longer.");

    /// <summary>Holds the snapshot, unless the last holder let go already.</summary>
    internal bool TryHold() => _holders.TryHold();

    /// <summary>
    /// Shows nothing later than now, to whoever goes on holding it. Called by the writer when another snapshot takes its place: a segment
    /// that was merged away learns of no death any more, and the head, which goes on, would show the version that replaced the dead one.
    /// </summary>
    internal void End() => _last = new LastPoint(_segments[^1].Published);

    /// <summary>Lets go. The last one lets go of the segments and of the encoder.</summary>
    internal void Release()
    {
        if (!_holders.Release())
            return;
        foreach (LiveSegment segment in _segments)
            segment.Release();
        Encoder?.Release();
    }

    private void Require(SnapshotEncoder own, ulong fingerprint, string does)
    {
        if (own.Fingerprint == fingerprint)
            return;
        string expected = own.Fingerprint is null ? "was built without naming an encoder" : $"{does} {own}";
        throw AnnException.Refused(
            "encoder_fingerprint",
            $"Index '{Name}', generation {Generation}, {expected}; the request's encoder_fingerprint is {fingerprint:x16}.");
    }

    private void Run(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ItemSelection? selection,
        Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics) => new SnapshotSearch
        {
            Segments = _segments,
            At = selection?.At ?? Now,
            Selection = selection,
            Queries = queries,
            Parameters = parameters,
            Budget = budget,
            Results = results,
            Counts = counts,
            Statistics = statistics,
        }.Run();

    /// <summary>A read point that is set at once, both halves of it.</summary>
    private sealed class LastPoint(ReadPoint point)
    {
        public ReadPoint Point { get; } = point;
    }
}
