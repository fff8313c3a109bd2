using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Recall;
using Ann.Core.Segments;

namespace Ann.Server.Recall;

/// <summary>An answered query, kept to be asked again exactly. Holds the snapshot that answered.</summary>
internal sealed record RecallSample : IDisposable
{
    public required RecallKind Kind { get; init; }

    public required SnapshotLease Lease { get; init; }

    public required float[] Query { get; init; }

    public required int K { get; init; }

    /// <summary>What the answer saw.</summary>
    public required ReadPoint At { get; init; }

    public BoundFilter? Filter { get; init; }

    public ExcludedKeys? Excluded { get; init; }

    /// <summary>The answer.</summary>
    public required SearchHit[] Hits { get; init; }

    public double? Target { get; init; }

    /// <summary>When it was taken: a timestamp of the clock.</summary>
    public long Taken { get; init; }

    /// <summary>Share of the exact answer that is in the answer; null when there was nothing to find, or the scan was stopped.</summary>
    public double? Measure(CancellationToken cancellation)
    {
        SearchHit[] exact = new SearchHit[K];
        SearchBudget budget = new(long.MaxValue, cancellation);
        int count = Lease.Snapshot.SearchExactly(
            Query, K, At, Filter, Excluded, in budget, exact, out SearchStatistics statistics);
        if (count == 0 || statistics.Stopped != StopReason.None)
            return null;
        return TieAwareRecall.Of(exact.AsSpan(0, count)).RecallOf(Hits);
    }

    public void Dispose() => Lease.Dispose();
}
