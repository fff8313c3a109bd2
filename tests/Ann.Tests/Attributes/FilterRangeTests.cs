using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Tests.Attributes;

/// <summary>Goal: ranges mean what they say at the ends of their types, where a bound has no neighbour or no exact double.</summary>
public sealed class FilterRangeTests
{
    private const double Inf = double.PositiveInfinity;
    private const long Huge = 9007199254740993; // 2^53 + 1, which no double is

    private static readonly long[] Integers = [long.MinValue, long.MinValue + 1, -1, 0, 1, long.MaxValue - 1, long.MaxValue];

    private static readonly double[] Doubles =
    [
        -Inf, double.MinValue, -1, -double.Epsilon, -0.0, 0.0, double.Epsilon, 1, 9007199254740992, 9007199254740994, Math.Pow(2, 63),
        double.MaxValue, Inf,
    ];

    [Theory]
    [InlineData(long.MinValue, false, null, false, 0, 7)]
    [InlineData(long.MinValue, true, null, false, 1, 7)]
    [InlineData(long.MaxValue, false, null, false, 6, 7)]
    [InlineData(long.MaxValue, true, null, false, 0, 0)]
    [InlineData(null, false, long.MinValue, false, 0, 1)]
    [InlineData(null, false, long.MinValue, true, 0, 0)]
    [InlineData(null, false, long.MaxValue, true, 0, 6)]
    [InlineData(long.MinValue, true, long.MaxValue, true, 1, 6)]
    [InlineData(0L, false, 0L, false, 3, 4)]
    [InlineData(0L, true, 0L, false, 0, 0)]
    [InlineData(0L, true, 1L, true, 0, 0)]
    public void RangesOfWholeNumbersAtTheirEnds(long? from, bool isAfter, long? to, bool isBefore, int first, int end)
    {
        foreach (AttributeType type in new[] { AttributeType.Int64, AttributeType.Timestamp })
        {
            AttributeBatch batch = new(new AttributeSchema([new("x", type)]));
            foreach (long value in Integers)
                batch.Columns[0].Add(value);
            batch.Columns[0].AddMissing();
            Check(batch, new Filter.Between("x", Bound(from, null, isAfter), Bound(to, null, isBefore)), first, end);
        }
    }

    [Theory]
    [InlineData(-Inf, false, null, false, 0, 13)]
    [InlineData(-Inf, true, null, false, 1, 13)]
    [InlineData(Inf, false, null, false, 12, 13)]
    [InlineData(Inf, true, null, false, 0, 0)]
    [InlineData(null, false, -Inf, false, 0, 1)]
    [InlineData(null, false, -Inf, true, 0, 0)]
    [InlineData(null, false, Inf, true, 0, 12)]
    [InlineData(0.0, false, null, false, 4, 13)]
    [InlineData(0.0, true, null, false, 6, 13)]
    [InlineData(null, false, 0.0, false, 0, 6)]
    [InlineData(null, false, 0.0, true, 0, 4)]
    [InlineData(0.0, false, 0.0, false, 4, 6)]
    [InlineData(-double.Epsilon, true, double.Epsilon, true, 4, 6)]
    public void RangesOfDoublesAtTheirEnds(double? from, bool isAfter, double? to, bool isBefore, int first, int end)
    {
        CheckDoubles(Bound(null, from, isAfter), Bound(null, to, isBefore), first, end);
        CheckDoubles(Bound(null, OtherZero(from), isAfter), Bound(null, OtherZero(to), isBefore), first, end);

        static double? OtherZero(double? value) => value == 0 ? -value : value;
    }

    [Theory]
    [InlineData(Huge, false, null, false, 9, 13)]
    [InlineData(Huge, true, null, false, 9, 13)]
    [InlineData(null, false, Huge, false, 0, 9)]
    [InlineData(null, false, Huge, true, 0, 9)]
    [InlineData(Huge - 1, true, Huge + 1, false, 9, 10)]
    [InlineData(long.MaxValue, false, null, false, 10, 13)]
    [InlineData(null, false, long.MaxValue, false, 0, 10)]
    [InlineData(null, false, long.MinValue, true, 0, 2)]
    [InlineData(long.MinValue, false, 0L, true, 2, 4)]
    public void RangesOfDoublesByWholeNumbers(long? from, bool isAfter, long? to, bool isBefore, int first, int end) =>
        CheckDoubles(Bound(from, null, isAfter), Bound(to, null, isBefore), first, end);

    private static void CheckDoubles(FilterBound? from, FilterBound? to, int first, int end)
    {
        AttributeBatch batch = new(new AttributeSchema([new("x", AttributeType.Double)]));
        foreach (double value in Doubles)
            batch.Columns[0].Add(value);
        batch.Columns[0].AddMissing();
        Check(batch, new Filter.Between("x", from, to), first, end);
    }

    /// <summary>Once among the last values of a word, and once in whole words, which registers compare.</summary>
    private static void Check(AttributeBatch batch, Filter filter, int first, int end)
    {
        int period = batch.Count;
        for (int copy = 1; copy < 10; copy++)
            for (int item = 0; item < period; item++)
                batch.AddFrom(batch, item);
        AttributedSegment segment = new(KeyColumn.Ordinals(batch.Count), new MemoryAttributes(batch));
        IEnumerable<int> expected = Enumerable.Range(0, batch.Count).Where(item => item % period >= first && item % period < end);
        Assert.Equal(expected, segment.Evaluate(filter).Order());
        segment.Release();
    }

    private static FilterBound? Bound(long? integer, double? real, bool isExclusive) =>
        integer is null && real is null ? null : new FilterBound(integer, real, isExclusive);
}
