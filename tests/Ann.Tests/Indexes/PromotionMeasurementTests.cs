using Ann.Core.Indexes;

namespace Ann.Tests.Indexes;

/// <summary>The figures of a promotion, while writes go on.</summary>
public sealed class PromotionMeasurementTests
{
    [Theory]
    [InlineData(new float[0], new[] { 1f }, 0)] // the first row came between the exact search and the walk
    [InlineData(new[] { 2f }, new[] { 1f, 2f }, 1)] // a nearer one did: no more can be right than are known
    [InlineData(new[] { 1f, 2f }, new float[0], 0)] // the last one went
    [InlineData(new[] { 1f, 2f, 2f }, new[] { 1f, 2f, 3f }, 2)]
    [InlineData(new[] { 1f, 2f, 2f }, new[] { 2f, 2f, 2f }, 3)] // equal distances are equally right
    public void RecallCountsHitsThatAreAsNearAsExactOnes(float[] exact, float[] found, int right) =>
        Assert.Equal(right, PromotionMeasurement.Right(Hits(exact), Hits(found)));

    private static SearchHit[] Hits(float[] distances) => [.. distances.Select((distance, node) => new SearchHit(0, node, distance))];
}
