using Ann.Core.Recall;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Recall;

/// <summary>
/// Goal: the curve of searches without a filter tells the recall of those with one. Method: masks of rows taken at random, and of rows on
/// one side of the space, so that some queries have all of their neighbours in the mask and others few; exact answers by a scan of it.
/// </summary>
public sealed class FilteredEstimateTests(MeasuredSegments segments) : IClassFixture<MeasuredSegments>
{
    [Theory]
    [InlineData(10, 40, 0.5)]
    [InlineData(10, 100, 0.5)]
    [InlineData(10, 40, 0.2)]
    [InlineData(10, 20, 0.1)]
    [InlineData(50, 60, 0.5)]
    public void TheEstimateIsNearTheRecall(int k, int ef, double share)
    {
        foreach (SealedSegment segment in segments.All)
        {
            RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
            foreach (bool isSided in new[] { false, true })
            {
                using NodeMask mask = Mask(segment, share, isSided);
                Neighbor[] exact = new Neighbor[k];
                Neighbor[] found = new Neighbor[k];
                (double recall, double estimate, int walks) = (0, 0, 0);
                foreach (float[] query in MeasuredSegments.Queries)
                {
                    Search(segment, query, mask, new SearchParameters(k, Exact: true), exact, out _);
                    int count = Search(segment, query, mask, new SearchParameters(k, ef), found, out SearchStatistics statistics);
                    if (statistics.Plan == SearchPlan.Scan)
                        continue;
                    walks++;
                    recall += TieAwareRecall.Of(exact).RecallOf(found.AsSpan(0, count));
                    estimate += RecallEstimate.Of(curves, mask.Count, k, in statistics);
                }
                if (walks < 40)
                    continue;
                Assert.True(
                    Math.Abs(recall - estimate) / walks <= 0.05,
                    $"{segment.Metric}, k {k}, ef {ef}, {share:P0} {(isSided ? "on one side" : "at random")}: recall {recall / walks:F3}, "
                    + $"estimate {estimate / walks:F3} of {walks} walks; seed {MeasuredSegments.Seed}");
            }
        }
    }

    /// <summary>A scan by codes of more than it ranks anew tells nothing that nobody measured; of no more, it is exact.</summary>
    [Fact]
    public void AScanByCodesIsNotToldToBeExact()
    {
        SealedSegment coded = segments.All[1];
        RecallCurves curves = RecallCurves.Of(coded.Certificate)!;
        Neighbor[] found = new Neighbor[10];
        using NodeMask few = Mask(coded, 0.005, isSided: false);
        using NodeMask more = Mask(coded, 0.15, isSided: false);

        Search(coded, MeasuredSegments.Queries[0], few, new SearchParameters(10, 20), found, out SearchStatistics exact);
        Search(coded, MeasuredSegments.Queries[0], more, new SearchParameters(10, 20), found, out SearchStatistics byCodes);
        Search(segments.All[0], MeasuredSegments.Queries[0], more, new SearchParameters(10, 20), found, out SearchStatistics byRows);

        Assert.Equal((SearchPlan.Scan, false), (exact.Plan, exact.IsByCodes));
        Assert.Equal((SearchPlan.Scan, true), (byCodes.Plan, byCodes.IsByCodes));
        Assert.Equal((SearchPlan.Scan, false), (byRows.Plan, byRows.IsByCodes));
        Assert.Equal(1, RecallEstimate.Of(curves, few.Count, 10, in exact));
        Assert.Equal(curves.OfCodes(10), RecallEstimate.Of(curves, more.Count, 10, in byCodes));
    }

    private static int Search(
        SealedSegment segment, float[] query, NodeMask mask, SearchParameters parameters, Neighbor[] found,
        out SearchStatistics statistics) =>
        segment.Searcher.Search(
            new SegmentQuery { Queries = query, Parameters = parameters, Mask = mask }, SegmentSight.Whole(segment.Count), found,
            out statistics);

    private static NodeMask Mask(SealedSegment segment, double share, bool isSided)
    {
        Random random = new(MeasuredSegments.Seed);
        double[] places = [.. Enumerable.Range(0, segment.Count).Select(node => isSided ? segment.Row(node)[0] : random.NextDouble())];
        double bound = places.Order().ElementAt((int)(share * segment.Count));
        NodeMask mask = new(segment.Count, segment.Count);
        for (int node = 0; node < segment.Count; node++)
            if (places[node] < bound)
                mask.Words[node >> 6] |= 1UL << (node & 63);
        mask.Recount();
        return mask;
    }
}
