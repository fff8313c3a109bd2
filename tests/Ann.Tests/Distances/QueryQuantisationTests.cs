using Ann.Core.Distances;
using CsCheck;

namespace Ann.Tests.Distances;

/// <summary>Goal: what is computed once a query equals plain loops, at every register width.</summary>
public sealed unsafe class QueryQuantisationTests
{
    private static readonly Gen<(float[] A, float[] B)> Pairs = Gen.Int[1, 300].SelectMany(dimension => Gen.Select(
        Gen.Float[-10f, 10f].Array[dimension], Gen.Float[-10f, 10f].Array[dimension]));

    [Fact]
    public void DifferencesMagnitudesAndProductsAreThoseOfPlainLoops() => Pairs.Sample((a, b) =>
    {
        using VectorTable rows = new(3, a.Length);
        rows.Set(0, a);
        rows.Set(1, b);

        QueryQuantisation.Subtract(rows.Row(2), rows.Row(0), rows.Row(1), rows.Stride);

        Assert.Equal(a.Zip(b, (x, y) => x - y), rows.Values(2).ToArray());
        Assert.True(new ReadOnlySpan<float>(rows.Row(2) + a.Length, rows.Stride - a.Length).IndexOfAnyExcept(0f) < 0);
        Assert.Equal(a.Max(MathF.Abs), QueryQuantisation.Largest(rows.Row(0), rows.Stride));
        double size = a.Zip(b, (x, y) => Math.Abs((double)x * y)).Sum();
        Assert.Equal(
            a.Zip(b, (x, y) => (double)x * y).Sum(), QueryQuantisation.Dot(rows.Row(0), rows.Row(1), rows.Stride),
            tolerance: 1e-5 * Math.Max(1, size));
    }, iter: 2_000);

    [Fact]
    public void RoundingStaysWithinTheLimit() => Gen.Select(Pairs, Gen.Float[0.01f, 4000f], Gen.Int[1, short.MaxValue])
        .Sample((pair, scale, limit) =>
        {
            using VectorTable rows = new(1, pair.A.Length);
            rows.Set(0, pair.A);
            short[] rounded = new short[rows.Stride];
            fixed (short* target = rounded)
                QueryQuantisation.ToInt16(rows.Row(0), rows.Stride, scale, limit, target);

            for (int i = 0; i < pair.A.Length; i++)
                Assert.Equal((short)MathF.Round(Math.Clamp(pair.A[i] * scale, -limit, limit)), rounded[i]);
        }, iter: 2_000);

    [Fact]
    public void FourCodesAtOnceAreEachOneByItself() => Gen.Int[1, 300].SelectMany(dimension => Gen.Select(
        Gen.Short[-20_000, 20_000].Array[dimension], Gen.SByte[-127, 127].Array[dimension].Array[4])).Sample((query, codes) =>
        {
            const float DotWeight = -0.37f, SquareWeight = 0.11f;
            int length = (query.Length + Int8Dot.Lanes - 1) / Int8Dot.Lanes * Int8Dot.Lanes;
            int limit = Int8Dot.MaxQueryComponent(length);
            using NativeBlock queryBlock = new(length * sizeof(short));
            using NativeBlock codeBlock = new(4 * length);
            short* q = (short*)queryBlock.Start;
            sbyte* c = (sbyte*)codeBlock.Start;
            for (int i = 0; i < query.Length; i++)
                q[i] = (short)Math.Clamp((int)query[i], -limit, limit);
            for (int row = 0; row < 4; row++)
                codes[row].CopyTo(new Span<sbyte>(c + row * length, length));
            float* results = stackalloc float[4];

            Int8Four.Dots(q, c, c + length, c + 2 * length, c + 3 * length, (nuint)length, DotWeight, results);
            for (int row = 0; row < 4; row++)
                Assert.Equal((float)Int8Dot.Between(q, c + row * length, (nuint)length) * DotWeight, results[row]);

            Int8Four.DotsAndSquares(
                q, c, c + length, c + 2 * length, c + 3 * length, (nuint)length, DotWeight, SquareWeight, results);
            for (int row = 0; row < 4; row++)
            {
                float square = Int8Pairs.Between(c + row * length, c + row * length, (nuint)length) * SquareWeight;
                Assert.Equal(square + Int8Dot.Between(q, c + row * length, (nuint)length) * DotWeight, results[row]);

                int dot = Int8Dot.Between(q, c + row * length, (nuint)length, out int squares);
                Assert.Equal(Int8Dot.Between(q, c + row * length, (nuint)length), dot);
                Assert.Equal(Int8Pairs.Between(c + row * length, c + row * length, (nuint)length), squares);
            }
        }, iter: 1_000);
}
