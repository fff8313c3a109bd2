using System.Globalization;
using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tests.House;

/// <summary>Goal: the bytes that documents tell of an item are those that the code reckons with.</summary>
public sealed class MemoryFiguresTests
{
    private const int Million = 1_000_000;
    private const int HeadRows = 65_536;
    private const int HeadScratch = 256 << 10;

    private static readonly int[] Dimensions = [128, 384, 768];

    [Theory]
    [InlineData(SegmentLayout.Lean)]
    [InlineData(SegmentLayout.Fast)]
    [InlineData(SegmentLayout.Compact)]
    public void TheArchitectureTellsWhatAnItemTakes(SegmentLayout layout)
    {
        string page = Page("architecture.md");
        foreach (int dimension in (int[])[.. Dimensions, 1_024])
        {
            (long file, long loaded, long peak) = Of(layout, dimension);
            string word = layout.ToString().ToLowerInvariant();
            Assert.Contains(Text($"| {dimension:N0} | {word} | {file:N0} | {loaded:N0} | {file - loaded:N0} | {peak:N0} |"), page);
        }
    }

    [Fact]
    public void DeployingAndTuningTellTheSame()
    {
        string deploying = Page("deploying.md");
        foreach (int dimension in Dimensions)
        {
            (long fastFile, long fast, _) = Of(SegmentLayout.Fast, dimension);
            (long compactFile, long compact, _) = Of(SegmentLayout.Compact, dimension);
            (long lean, _, _) = Of(SegmentLayout.Lean, dimension);
            long heads = Rounded(5 * HeadBytes(dimension), Million);
            string[] cells =
            [
                Text($"{dimension}"),
                Text($"{fast:N0} + {fastFile - fast:N0} B"),
                Text($"{compact} + {compactFile - compact:N0} B"),
                Text($"{lean:N0} B mapped"),
                Text($"{8 + (4 * dimension):N0} B"),
                Text($"{heads:N0} MB"),
            ];
            Assert.Contains($"| {string.Join(" | ", cells)} |", deploying);
        }
        string tuning = Page("tuning.md");
        Assert.Contains($"| `fast` | {All(SegmentLayout.Fast, one => one.Loaded)} | {All(SegmentLayout.Fast, Mapped)} |", tuning);
        Assert.Contains($"| `lean` | 0 | {All(SegmentLayout.Lean, Mapped)} |", tuning);
        Assert.Contains($"| `compact` | {All(SegmentLayout.Compact, one => one.Loaded)} | {All(SegmentLayout.Compact, Mapped)} |", tuning);
        foreach (int m in (int[])[8, 16, 32])
        {
            long fast = Of(SegmentLayout.Fast, 128, m).Loaded;
            Assert.Contains(Text($" | {fast:N0} B | {Of(SegmentLayout.Lean, 128, m).File:N0} B |"), tuning);
        }
    }

    [Fact]
    public void OperationsTellWhatAHeadTakes()
    {
        string page = Page("operations.md");
        string rows = string.Join(" | ", Dimensions.Select(static d => Text($"{Rounded(HeadBytes(d) - HeadScratch, HeadRows):N0} B")));
        Assert.Contains($"| a row of a head | {rows} |", page);
        Assert.Contains($"| a head of 65,536 rows | {Heads(1)} |", page);
        Assert.Contains($"| five of them: the most there are | {Heads(5)} |", page);
        Assert.Contains(Text($"a head of 4096 rows of index 'shop' needs {HeadSegment.BytesOf(Head(128, 4_096)):N0} bytes"), page);
    }

    private static string Heads(int count) =>
        string.Join(" | ", Dimensions.Select(d => Text($"{Rounded(count * HeadBytes(d), Million):N0} MB")));

    private static string All(SegmentLayout layout, Func<(long File, long Loaded, long Peak), long> figure) =>
        string.Join(", ", Dimensions.Select(d => Text($"{figure(Of(layout, d)):N0}")));

    private static long Mapped((long File, long Loaded, long Peak) one) => one.File - one.Loaded;

    /// <summary>Bytes an item of a million with numeric keys, under cosine.</summary>
    private static (long File, long Loaded, long Peak) Of(SegmentLayout layout, int dimension, int m = 16)
    {
        SegmentBuildOptions options = new() { Metric = Metric.Cosine, Layout = layout, M = m, Threads = 2 };
        SegmentFootprint footprint = SegmentFootprint.Estimate(Million, dimension, options, KeyKind.UInt64, keyBytes: 8);
        long file = Rounded(footprint.Parts.Total, Million);
        return (file, Rounded(footprint.Parts.LoadedBytes(layout), Million), Rounded(footprint.BuildPeakBytes, Million));
    }

    private static long HeadBytes(int dimension) => HeadSegment.BytesOf(Head(dimension, HeadRows));

    private static HeadShape Head(int dimension, int capacity) =>
        new(Metric.Cosine, dimension, KeyKind.UInt64, new HnswParameters(16, 200, 1), CodesKind.Int8, capacity);

    private static long Rounded(long bytes, int items) => (long)Math.Round((double)bytes / items);

    private static string Text(FormattableString figures) => figures.ToString(CultureInfo.InvariantCulture);

    private static string Page(string name) => File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", name));
}
