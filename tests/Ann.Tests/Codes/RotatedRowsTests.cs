using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Tests.Segments;

namespace Ann.Tests.Codes;

/// <summary>
/// Goal: blocks tell the same whether every difference is rotated or rotated rows are subtracted, near-identical rows far from the mean
/// among them, where a subtraction of rotated rows would leave nothing but rounding.
/// Method: both ways to encode, side by side.
/// </summary>
public sealed unsafe class RotatedRowsTests
{
    private const int Seed = 20261130;
    private const int Dimension = 300;
    private const int Links = 32;

    [Theory]
    [InlineData(1, 4)]
    [InlineData(1e-3f, 0)]
    [InlineData(1e-6f, 0)]
    public void BothWaysGiveTheSameSigns(float apart, int mostDifferent)
    {
        float[][] random = SegmentFixture.Clustered(Links + 1, Dimension, Seed);
        using VectorTable rows = new(Links + 1, Dimension);
        using VectorTable mean = new(1, Dimension); // zero: the rows are far from it
        for (int row = 0; row <= Links; row++)
        {
            for (int i = 0; i < Dimension; i++)
                rows.Values(row)[i] = 10 + apart * random[row][i];
        }
        using RotatedRows? rotated = RotatedRows.Of(rows, mean.Row(0), threads: 2, TestContext.Current.CancellationToken);
        Assert.NotNull(rotated);

        byte[] byLink = Block(rows, mean, rotated: null);
        byte[] byRow = Block(rows, mean, rotated);
        int different = byLink.Zip(byRow, static (a, b) => int.PopCount(a ^ b)).Sum();
        Assert.True(different <= mostDifferent, $"{different} bits differ; seed {Seed}");
    }

    [Theory]
    [InlineData(16, 0)]
    [InlineData(256, 0)]
    [InlineData(257, 256)]
    [InlineData(1536, 256)]
    public void NoMoreThanHalfOfARotatedRowIsKept(int dimension, int components) =>
        Assert.Equal(components, RotatedRows.ComponentsOf(dimension));

    private static byte[] Block(VectorTable rows, VectorTable mean, RotatedRows? rotated)
    {
        BlockShape shape = new(Links, EstimateTables.BitsOf(Dimension));
        using NativeBlock block = new(shape.Stride);
        for (int slot = 0; slot < Links; slot++)
            ((int*)block.Start)[slot] = slot + 1;
        using EstimateEncoder encoder = new(rows, Metric.L2, mean.Row(0), rotated);
        encoder.Encode(0, shape, block.Start);
        return new Span<byte>(block.Start + shape.CodesOffset, shape.CodeBytes).ToArray();
    }
}
