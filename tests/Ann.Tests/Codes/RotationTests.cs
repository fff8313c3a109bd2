using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using Ann.Core.Codes;
using Ann.Core.Distances;

namespace Ann.Tests.Codes;

/// <summary>Goal: the rotation is a rotation, and the one that files were written with.</summary>
public sealed unsafe class RotationTests
{
    private const int Seed = 20261122;

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(2048)]
    public void TheTransformEqualsThePlainOne(int size)
    {
        Random random = new(Seed);
        using VectorTable rows = new(2, size);
        for (int i = 0; i < size; i++)
            (rows.Values(0)[i], rows.Values(1)[i]) = (random.NextSingle() - 0.5f, random.NextSingle() - 0.5f);
        double[] products = [.. rows.Values(0).ToArray().Zip(rows.Values(1).ToArray(), (x, y) => (double)x * y)];

        Hadamard.Transform(rows.Row(0), rows.Row(1), size);

        for (int i = 0; i < size; i++)
        {
            double expected = 0;
            for (int j = 0; j < size; j++)
                expected += (BitOperations.PopCount((uint)(i & j)) & 1) == 0 ? products[j] : -products[j];
            Assert.Equal(expected, rows.Values(0)[i], tolerance: 1e-4);
        }
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(3, 16)]
    [InlineData(17, 32)]
    [InlineData(100, 128)]
    [InlineData(128, 128)]
    [InlineData(784, 1024)]
    public void LengthsAndInnerProductsStay(int dimension, int size)
    {
        using Rotation rotation = new(dimension);
        Assert.Equal(size, rotation.Size);
        using VectorTable rows = Rows(dimension, size);
        (double Squares, double Product) before = Measure(rows);

        rotation.Apply(rows.Row(0));
        rotation.Apply(rows.Row(1));

        Assert.Equal(before.Squares, Measure(rows).Squares, tolerance: 1e-5 * before.Squares);
        Assert.Equal(before.Product, Measure(rows).Product, tolerance: 1e-5 * before.Squares);
    }

    /// <summary>Also where it takes two windows and the mixing of halves: lengths stay, and one component is spread over all.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(192)]
    [InlineData(768)]
    [InlineData(832)]
    [InlineData(960)]
    public void TheRotationOfCodesSpreadsAnyAxis(int size)
    {
        using Rotation rotation = Rotation.ForCodes(size);
        Assert.Equal(size, rotation.Size);
        for (int axis = 0; axis < size; axis += 61)
        {
            using VectorTable row = new(1, size);
            row.Values(0)[axis] = 1;
            rotation.Apply(row.Row(0));
            (double squares, double half, double largest) = (0, 0, 0);
            for (int i = 0; i < size; i++)
            {
                double value = row.Values(0)[i];
                squares += value * value;
                half += i < size / 2 ? value * value : 0;
                largest = Math.Max(largest, Math.Abs(value));
            }
            Assert.Equal(1, squares, tolerance: 1e-5);
            Assert.InRange(half, 0.3, 0.7);
            Assert.InRange(largest * Math.Sqrt(size), 1, 7); // of a normal distribution 3 to 4
        }
    }

    /// <summary>Files hold codes of rotated rows. The hash is that of every instruction set.</summary>
    [Theory]
    [InlineData(128, "d57f67cf2e88df3c")]
    [InlineData(832, "cd913a24f77cc092")]
    public void TheRotationOfCodesNeverChanges(int size, string hash)
    {
        using Rotation rotation = Rotation.ForCodes(size);
        using VectorTable rows = Rows(size - 5, size);
        rotation.Apply(rows.Row(0));

        ulong actual = XxHash3.HashToUInt64(new ReadOnlySpan<byte>(rows.Row(0), size * sizeof(float)));
        Assert.Equal(hash, actual.ToString("x16", CultureInfo.InvariantCulture));
    }

    /// <summary>One component is spread over all, so that signs tell the direction.</summary>
    [Fact]
    public void AUnitVectorIsSpreadOverAllComponents()
    {
        using Rotation rotation = new(128);
        for (int axis = 0; axis < 128; axis++)
        {
            using VectorTable row = new(1, 128);
            row.Values(0)[axis] = 1;
            rotation.Apply(row.Row(0));
            double magnitudes = 0;
            foreach (float value in row.Values(0))
                magnitudes += Math.Abs(value);
            Assert.InRange(magnitudes / Math.Sqrt(128), 0.6, 0.95); // √(2/π) ≈ 0.80 for a Gaussian
        }
    }

    /// <summary>Files hold rotated signs: another rotation would read them as noise. The hash is that of every instruction set.</summary>
    [Theory]
    [InlineData(16, "c1dfc0fee3c31bc6")]
    [InlineData(100, "a89dc75c8df01e51")]
    [InlineData(784, "88da6a50e44aebfe")]
    public void TheRotationNeverChanges(int dimension, string hash)
    {
        using Rotation rotation = new(dimension);
        using VectorTable rows = Rows(dimension, rotation.Size);
        rotation.Apply(rows.Row(0));

        ulong actual = XxHash3.HashToUInt64(new ReadOnlySpan<byte>(rows.Row(0), rotation.Size * sizeof(float)));
        Assert.Equal(hash, actual.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static VectorTable Rows(int dimension, int size)
    {
        Random random = new(Seed);
        VectorTable rows = new(2, size);
        for (int row = 0; row < 2; row++)
            for (int i = 0; i < dimension; i++)
                rows.Values(row)[i] = random.NextSingle() * 2 - 0.7f;
        return rows;
    }

    private static (double Squares, double Product) Measure(VectorTable rows)
    {
        (double squares, double product) = (0, 0);
        for (int i = 0; i < rows.Dimension; i++)
        {
            squares += (double)rows.Values(0)[i] * rows.Values(0)[i];
            product += (double)rows.Values(0)[i] * rows.Values(1)[i];
        }
        return (squares, product);
    }
}
