using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Recall;
using Ann.Core.Searching;

namespace Ann.Server.Recall;

/// <summary>An answered query, kept to be asked again exactly. Holds the snapshot that answered.</summary>
internal sealed record RecallSample : IDisposable
{
    public required RecallKind Kind { get; init; }

    public required SnapshotLease Lease { get; init; }

    public required float[] Query { get; init; }

    /// <summary>What the answer saw.</summary>
    public required ReadPoint At { get; init; }

    public required SampledRequest Asked { get; init; }

    public required SampledAnswer Answer { get; init; }

    /// <summary>The answer.</summary>
    public required SearchHit[] Hits { get; init; }

    /// <summary>When it was taken: a timestamp of the clock.</summary>
    public long Taken { get; init; }

    /// <summary>What measuring it reads about.</summary>
    public long Rows => Lease.Snapshot.Rows;

    /// <summary>
    /// Asks again exactly; where the answer was exact already because no walk was known to reach the target, asks by the walk that was
    /// passed over, so that what is known of it stays true. Null when there was nothing to find, or the search was stopped.
    /// </summary>
    /// <param name="mostEf">Widest beam that a target may ask for.</param>
    /// <param name="cancellation">Stops it.</param>
    public MeasuredAnswer? Measure(int mostEf, CancellationToken cancellation)
    {
        int k = Asked.K;
        SearchHit[] other = new SearchHit[k];
        SearchParameters again = Answer.IsScanInstead ? new SearchParameters(k, Asked.Ef) : new SearchParameters(k, Exact: true);
        SearchBudget budget = new(long.MaxValue, cancellation);
        using ItemSelection selection = Lease.Snapshot.SelectAsOf(At, Asked.Filter, Asked.Excluded, in budget);
        int count = Lease.Snapshot.Search(Query, in again, in budget, selection, other, out SearchStatistics statistics);
        if (statistics.Stopped != StopReason.None)
            return null;
        ReadOnlySpan<SearchHit> found = other.AsSpan(0, count);
        ReadOnlySpan<SearchHit> exact = Answer.IsScanInstead ? Hits : found;
        if (exact.Length == 0)
            return null;
        double recall = TieAwareRecall.Of(exact).RecallOf(Answer.IsScanInstead ? found : Hits);
        RecallWish wish = new(k, Asked.Target ?? 0, Asked.Selectivity ?? 1);
        AnswerWay way = Answer.IsScanInstead ? KnownRecall.WayOf(in again, in statistics) : Answer.Way;
        return new MeasuredAnswer(
            Answer.IsScanInstead ? 1 : recall, way, k, Asked.Ef, Answer.IsScanInstead ? statistics.EstimatedRecall : Answer.Certified,
            EfForRecall.Certified(Lease.Snapshot.Segments, in wish, Asked.Ef), recall,
            Asked.Target is null || way != AnswerWay.Walk
                ? null
                : (double)Asked.Ef / EfForRecall.Of(Lease.Snapshot.Segments, in wish, RecallCorrection.None, mostEf).Ef);
    }

    public void Dispose() => Lease.Dispose();
}

/// <summary>What of a request its sample needs.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Beam width of the walk; where a scan took its place, of the one that it took the place of.</param>
/// <param name="Target">Recall wanted; null for none.</param>
/// <param name="Filter">Null for none.</param>
/// <param name="Excluded">Null for none.</param>
/// <param name="Selectivity">Share of the items that may be returned; null when nothing restricts them.</param>
internal readonly record struct SampledRequest(
    int K, int Ef, double? Target, BoundFilter? Filter, ExcludedKeys? Excluded, double? Selectivity)
{
    /// <summary>True of the server's own call: it is measured so that the first caller's is measured quickly, and forgotten.</summary>
    public bool IsRehearsal { get; init; }
}

/// <summary>What of an answer its sample needs.</summary>
/// <param name="Way">How it was found.</param>
/// <param name="Certified">Recall that the certificate says; NaN when unknown.</param>
/// <param name="IsScanInstead">True when the server scanned exactly of its own accord.</param>
internal readonly record struct SampledAnswer(AnswerWay Way, double Certified, bool IsScanInstead);
