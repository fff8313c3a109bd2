using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>A sealed segment in an index: its file, the tombstones of its nodes, and a table from key to node.</summary>
/// <param name="segment">Owned from here on.</param>
public sealed class LiveSealedSegment(SealedSegment segment) : LiveSegment
{
    /// <summary>The file.</summary>
    public SealedSegment Sealed => segment;

    /// <inheritdoc/>
    public override Metric Metric => segment.Metric;

    /// <inheritdoc/>
    public override int Dimension => segment.Dimension;

    /// <inheritdoc/>
    public override KeyKind KeyKind => segment.Keys.Kind;

    /// <inheritdoc/>
    public override int Count => segment.Count;

    /// <inheritdoc/>
    public override long MemoryBytes => segment.LoadedBytes + Dead.SizeInBytes;

    internal override Tombstones Dead { get; } = new(segment.Count);

    internal override int FindNewest(in ItemKey key) => throw new NotImplementedException();

    internal override int Find(in ItemKey key, ReadPoint at) => throw new NotImplementedException();

    internal override ItemKey KeyOf(int node) => throw new NotImplementedException();

    internal override ReadOnlySpan<float> Row(int node) => segment.Row(node);

    internal override int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        out SearchStatistics statistics) => throw new NotImplementedException();

    internal override void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        Span<int> counts, Span<SearchStatistics> statistics) => throw new NotImplementedException();

    private protected override void Free()
    {
        segment.Dispose();
        Dead.Dispose();
    }
}
