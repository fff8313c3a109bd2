using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;
using Ann.Tests.Segments;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Tests.Tool;

/// <summary>
/// Goal: candidates that a graph chooses give the answer of the processor, to the bit. The graph runs on ONNX Runtime's provider for CPUs
/// here.
/// </summary>
public sealed class DeviceTruthTests
{
    public static MatrixTheoryData<Metric, int, TrueNeighborsTests.Hardness> Cases { get; } =
        new(Enum.GetValues<Metric>(), [1, 3, 64, 130], Enum.GetValues<TrueNeighborsTests.Hardness>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void ItsAnswerIsThatOfTheProcessor(Metric metric, int dimension, TrueNeighborsTests.Hardness hardness)
    {
        Random random = new((dimension * 37) + (int)hardness);
        using VectorTable rows = TrueNeighborsTests.Draw(random, 437, dimension, hardness);
        using VectorTable queries = TrueNeighborsTests.Draw(random, 21, dimension, hardness);
        for (int query = 0; query < 3; query++)
            queries.Set(query, rows.Values(query * 50)); // a row itself is asked for

        foreach (int block in (int[])[437, 200])
        {
            (int[] Rows, double[] Distances) expected = Run(new TrueNeighbors(metric, queries, 12, 1), rows, queries.Count, block);
            (int[] Rows, double[] Distances) found = Run(new DeviceNeighbors(metric, queries, 12, 2, "cpu"), rows, queries.Count, block);
            Assert.Equal(expected.Rows, found.Rows);
            Assert.Equal(expected.Distances.Select(BitConverter.DoubleToInt64Bits), found.Distances.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    /// <summary>More copies than come back: which of them are the k of the lowest numbers, no product can tell.</summary>
    [Fact]
    public void WhereRowsMayBeMissingTheProcessorIsAskedAgain()
    {
        Random random = new(4);
        using VectorTable queries = TrueNeighborsTests.Draw(random, 5, 16, TrueNeighborsTests.Hardness.Plain);
        using VectorTable rows = TrueNeighborsTests.Draw(random, 600, 16, TrueNeighborsTests.Hardness.Plain);
        for (int row = 599; row >= 250; row--)
            rows.Set(row, queries.Values(0));
        DeviceNeighbors device = new(Metric.L2, queries, 10, 2, "cpu");

        (int[] found, _) = Run(device, rows, queries.Count, 600, k: 10);

        Assert.Equal(Enumerable.Range(250, 10), found[..10]);
        Assert.Equal(1, device.AskedAgain);
        Assert.Equal(Run(new TrueNeighbors(Metric.L2, queries, 10, 1), rows, queries.Count, 600, k: 10).Rows, found);
    }

    /// <summary>Without a device the refusal is that of encoders; with one the file is the same.</summary>
    [Fact]
    public async Task TheVerbRefusesADeviceThatIsNotThere()
    {
        using TemporaryFolder folder = new();
        string rows = SampleVectors.Write(folder, "x.fbin", 300);
        string queries = SampleVectors.Write(folder, "q.fbin", 5, seed: 2);
        string[] line = ["truth", "--base", rows, "--queries", queries, "--metric", "l2", "--k", "10", "--output"];
        (await ToolRun.RunAsync([.. line, folder["cpu.ibin"], "--device", "cpu"])).Expect(0);

        ToolRun run = await ToolRun.RunAsync([.. line, folder["cuda.ibin"], "--device", "cuda"]);

        if (run.Code == ExitCodes.Done)
        {
            Assert.Equal(File.ReadAllBytes(folder["cpu.ibin"]), File.ReadAllBytes(folder["cuda.ibin"]));
            return;
        }
        run.ExpectRefusal("Provider 'cuda' is required but cannot be used");
        Assert.False(File.Exists(folder["cuda.ibin"]));
    }

    private static (int[] Rows, double[] Distances) Run(ITruthScan neighbors, VectorTable rows, int queries, int block, int k = 12)
    {
        using (neighbors)
        {
            using VectorTable part = new(block, rows.Dimension);
            for (int first = 0; first < rows.Count; first += block)
            {
                int count = Math.Min(block, rows.Count - first);
                for (int i = 0; i < count; i++)
                    part.Set(i, rows.Values(first + i));
                neighbors.Scan(part, count, [.. Enumerable.Range(first, count)], CancellationToken.None);
            }
            int[] found = new int[queries * k];
            double[] distances = new double[queries * k];
            for (int query = 0; query < queries; query++)
                Assert.Equal(k, neighbors.Result(query, found.AsSpan(query * k, k), distances.AsSpan(query * k, k)));
            return (found, distances);
        }
    }
}
