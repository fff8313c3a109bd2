using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: the number at a place is the one that sorting puts there, whatever the order and however many are alike.</summary>
public class KthSmallestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(200)]
    public void ItIsTheOneThatSortingPutsThere(int count)
    {
        Random random = new(count);
        foreach (int kinds in (int[])[1, 2, 7, int.MaxValue])
            foreach (bool isSorted in (bool[])[false, true])
            {
                float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(kinds))];
                values[count / 3] = float.PositiveInfinity;
                float[] sorted = [.. values.Order()];
                for (int place = 0; place < count; place++)
                    Assert.Equal(sorted[place], KthSmallest.Of(isSorted ? [.. sorted] : [.. values], place));
            }
    }
}
