using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Encoding;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: whatever is done to a live index, in whatever order, it holds and answers what a dictionary would. Method: random operations with
/// heads so small that sealing and merging never end. A failure tells the seed and the last operations. ANN_NIGHTLY=1 does all of them.
/// </summary>
public sealed class LiveIndexModelTests
{
    private static int MostOperations => Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? int.MaxValue : 50_000;

    [Theory]
    [InlineData(20_251, 200_000, Metric.L2, KeyKind.UInt64, SegmentLayout.Fast, 256, true)]
    [InlineData(20_252, 15_000, Metric.Cosine, KeyKind.String, SegmentLayout.Fast, 64, true)]
    [InlineData(20_254, 5_000, Metric.Cosine, KeyKind.UInt64, SegmentLayout.Lean, 64, false)]
    [InlineData(20_253, 15_000, Metric.InnerProduct, KeyKind.UInt64, SegmentLayout.Lean, 100, true)]
    [InlineData(20_255, 5_000, Metric.L2, KeyKind.UInt64, SegmentLayout.Compact, 128, true)]
    public async Task AnIndexIsADictionaryWithSearch(
        int seed, int operations, Metric metric, KeyKind keyKind, SegmentLayout layout, int headRows, bool attributes)
    {
        operations = Math.Min(operations, MostOperations);
        using TemporaryFolder folder = new();
        IndexSchema schema = new()
        {
            Dimension = 6,
            Metric = metric,
            KeyKind = keyKind,
            Layout = layout,
            M = 6,
            EfConstruction = 40,
            Attributes = attributes ? RandomFilters.Schema : AttributeSchema.Empty,
        };
        LiveIndexOptions options = new()
        {
            CommitWindow = TimeSpan.Zero,
            HeadRows = headRows,
            MaxSealedSegments = 3,
            BackgroundShare = 1,
            HeadPayloadBytes = 200_000,
        };
        await using RandomOperations run = new(seed, new UnflushedFiles(), folder.Path, schema, options);
        int done = 0;
        try
        {
            for (; done < operations; done++)
                await run.Step(done);
            await run.CheckAll();
        }
        catch (Exception e)
        {
            Assert.Fail(string.Create(
                CultureInfo.InvariantCulture, $"Seed {seed}, operation {done}: {e}\nThe last operations:\n{run.Trace}"));
        }

        (long wanted, long found) = run.Recall;
        Assert.True(found >= 0.98 * wanted, $"{found} of {wanted} neighbours were found; seed {seed}");
        (wanted, found) = run.FilteredRecall;
        Assert.True(wanted > 0 || !attributes);
        Assert.True(found >= 0.98 * wanted, $"{found} of {wanted} neighbours that match were found; seed {seed}");
    }
}
