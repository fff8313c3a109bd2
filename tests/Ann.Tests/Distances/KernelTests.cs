using System.Runtime.Intrinsics;
using Ann.Core.Distances;
using CsCheck;

namespace Ann.Tests.Distances;

/// <summary>
/// Goal: every kernel equals a plain double-precision loop, at every dimension.
/// Method: random pairs, shrunk on failure; <see cref="InstructionSetMatrixTests"/> runs this class once per instruction set.
/// </summary>
public sealed unsafe class KernelTests
{
    private static readonly Gen<(float[] A, float[] B)> Pairs = Gen.Int[1, 300].SelectMany(dimension => Gen.Select(
        Gen.Float[-10f, 10f].Array[dimension], Gen.Float[-10f, 10f].Array[dimension]));

    private static readonly Gen<sbyte[][]> FiveCodes = Gen.Int[1, 300].SelectMany(
        dimension => Gen.SByte[-127, 127].Array[dimension].Array[5]);

    [Fact]
    public void SquaredL2EqualsTheScalarReference() => Pairs.Sample(
        (a, b) => Check<SquaredL2>(a, b, a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum()), iter: 2_000);

    [Fact]
    public void NegativeDotEqualsTheScalarReference() => Pairs.Sample(
        (a, b) => Check<NegativeDot>(a, b, -a.Zip(b, (x, y) => (double)x * y).Sum()), iter: 2_000);

    [Fact]
    public void Int8DotIsExact() => Gen.Int[1, 300].SelectMany(dimension => Gen.Select(
        Gen.Short[-30_000, 30_000].Array[dimension], Gen.SByte[-127, 127].Array[dimension])).Sample((query, code) =>
        {
            int length = (query.Length + Int8Dot.Lanes - 1) / Int8Dot.Lanes * Int8Dot.Lanes;
            int limit = Int8Dot.MaxQueryComponent(length);
            using NativeBlock queryBlock = new(length * sizeof(short));
            using NativeBlock codeBlock = new(length);
            long expected = 0;
            for (int i = 0; i < query.Length; i++)
            {
                ((short*)queryBlock.Start)[i] = (short)Math.Clamp((int)query[i], -limit, limit);
                ((sbyte*)codeBlock.Start)[i] = code[i];
                expected += (long)((short*)queryBlock.Start)[i] * code[i];
            }

            Assert.Equal(expected, Int8Dot.Between((short*)queryBlock.Start, (sbyte*)codeBlock.Start, (nuint)length));
        }, iter: 2_000);

    [Theory]
    [InlineData(64)]
    [InlineData(784 + 48)]
    [InlineData(4096)]
    [InlineData(65_536)]
    public void Int8DotDoesNotOverflowAtItsLimits(int length)
    {
        using NativeBlock query = new(length * sizeof(short));
        using NativeBlock code = new(length);
        int limit = Int8Dot.MaxQueryComponent(length);
        new Span<short>(query.Start, length).Fill((short)limit);
        new Span<sbyte>(code.Start, length).Fill(-127);

        Assert.Equal(-127L * limit * length, Int8Dot.Between((short*)query.Start, (sbyte*)code.Start, (nuint)length));
    }

    [Fact]
    public void Int4DotsAreExact() => Gen.Int[1, 300].SelectMany(dimension => Gen.Select(
        Gen.Short[-30_000, 30_000].Array[dimension], Gen.Byte[0, 15].Array[dimension].Array[4])).Sample((query, codes) =>
        {
            int length = (query.Length + Int4Dot.Lanes - 1) / Int4Dot.Lanes * Int4Dot.Lanes;
            short[] padded = [.. query, .. new short[length - query.Length]];
            using NativeBlock block = new(4 * length / 2);
            long[] expected = new long[4];
            for (int code = 0; code < 4; code++)
            {
                byte[] components = [.. codes[code], .. new byte[length - query.Length]];
                Int4Dot.Pack(components, block.Start + code * length / 2);
                for (int i = 0; i < length; i++)
                    expected[code] += padded[i] * (2L * components[i] - 15);
            }

            float* four = stackalloc float[4];
            fixed (short* start = padded)
            {
                int bias = Int4Dot.BiasOf(padded);
                byte* a = block.Start;
                int stride = length / 2;
                const float Unit = 0.37f;
                Int4Dot.Four(start, a, a + stride, a + 2 * stride, a + 3 * stride, (nuint)length, bias, Unit, four);
                for (int code = 0; code < 4; code++)
                {
                    Assert.Equal(expected[code], Int4Dot.Between(start, a + code * stride, (nuint)length, bias));
                    Assert.Equal((int)expected[code] * Unit, four[code]);
                }
            }
        }, iter: 1_000);

    [Theory]
    [InlineData(64)]
    [InlineData(832)]
    [InlineData(65_536)]
    public void Int4DotsDoNotOverflowAtTheirLimits(int length)
    {
        short[] query = new short[length];
        byte[] components = new byte[length];
        query.AsSpan().Fill((short)Int4Dot.MaxQueryComponent(length));
        using NativeBlock code = new(length / 2);
        foreach (int component in new[] { 0, 15 })
        {
            components.AsSpan().Fill((byte)component);
            Int4Dot.Pack(components, code.Start);
            fixed (short* start = query)
            {
                Assert.Equal(
                    (component == 0 ? -15L : 15L) * Int4Dot.MaxQueryComponent(length) * length,
                    Int4Dot.Between(start, code.Start, (nuint)length, Int4Dot.BiasOf(query)));
            }
        }
    }

    [Fact]
    public void Int8PairsAreExact() => FiveCodes.Sample(rows =>
    {
        int length = (rows[0].Length + Int8Dot.Lanes - 1) / Int8Dot.Lanes * Int8Dot.Lanes;
        using NativeBlock block = new(5 * length);
        sbyte* a = (sbyte*)block.Start;
        for (int row = 0; row < 5; row++)
            rows[row].CopyTo(new Span<sbyte>(a + row * length, length));

        Vector128<int> four = Int8Pairs.OneToFour(a, a + length, a + 2 * length, a + 3 * length, a + 4 * length, (nuint)length);

        for (int row = 1; row < 5; row++)
        {
            int expected = rows[0].Zip(rows[row], (x, y) => x * y).Sum();
            Assert.Equal(expected, four[row - 1]);
            Assert.Equal(expected, Int8Pairs.Between(a, a + row * length, (nuint)length));
        }
    }, iter: 2_000);

    [Fact]
    public void Int8PairsDoNotOverflowAtTheirLimit()
    {
        using NativeBlock block = new(65_536);
        sbyte* code = (sbyte*)block.Start;
        new Span<sbyte>(code, 65_536).Fill(-127);

        Assert.Equal(127 * 127 * 65_536, Int8Pairs.Between(code, code, 65_536));
        Assert.Equal(Vector128.Create(127 * 127 * 65_536), Int8Pairs.OneToFour(code, code, code, code, code, 65_536));
    }

    [Fact]
    public void NumbersBeforeTheFirstNegativeAreCounted() => Gen.Select(Gen.Int[0, 40], Gen.Int[0, 40]).Sample((used, free) =>
    {
        int[] numbers = [.. Enumerable.Range(0, used), .. Enumerable.Repeat(-1, free)];
        fixed (int* start = numbers)
            Assert.Equal(used, Words.CountNonNegative(start, numbers.Length));
    });

    [Fact]
    public void ARowIsAtDistanceZeroFromItself()
    {
        using VectorTable table = new(count: 1, dimension: 77);
        for (int i = 0; i < 77; i++)
            table.Values(0)[i] = i * 0.37f;

        Assert.Equal(0, SquaredL2.Between(table.Row(0), table.Row(0), (nuint)table.Stride));
    }

    private static void Check<TDistance>(float[] a, float[] b, double expected)
        where TDistance : struct, IDistance
    {
        using VectorTable table = new(count: 2, dimension: a.Length);
        table.Set(0, a);
        table.Set(1, b);

        float forth = TDistance.Between(table.Row(0), table.Row(1), (nuint)table.Stride);
        float back = TDistance.Between(table.Row(1), table.Row(0), (nuint)table.Stride);

        double size = a.Zip(b, (x, y) => Math.Abs((double)x * y) + (double)x * x + (double)y * y).Sum();
        Assert.Equal(expected, forth, tolerance: 1e-5 * Math.Max(1, size));
        Assert.Equal(forth, back);
    }
}
