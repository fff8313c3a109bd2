using Ann.Core;
using Ann.Core.Distances;

namespace Ann.Tests.Distances;

/// <summary>Goal: at every register width the kernels stay within the rounding that limits allow for.</summary>
public sealed class DistanceRoundingTests
{
    private const int Seed = 20_260_713;

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(384)]
    [InlineData(1536)]
    [InlineData(8192)]
    public void KernelsErrByNoMoreThanTheirShare(int dimension)
    {
        Random random = new(Seed);
        using VectorTable rows = new(2, dimension);
        double worst = 0;
        for (int round = 0; round < 200; round++)
        {
            bool isCopy = round % 3 == 0;
            for (int i = 0; i < dimension; i++)
            {
                // One large term first, then many small ones of its sign: what sums lose most by.
                double size = round % 2 == 0 && i == 0 ? 1e3 : 1;
                rows.Values(0)[i] = (float)(size * random.NextDouble());
                rows.Values(1)[i] = isCopy ? rows.Values(0)[i] : (float)(size * random.NextDouble());
            }
            foreach (Metric metric in Enum.GetValues<Metric>())
            {
                float[] distance = new float[1];
                if (metric == Metric.Cosine)
                {
                    for (int row = 0; row < 2; row++)
                        RowPreparation.Prepare(metric, rows.Values(row).ToArray(), rows.Values(row), "rows", row);
                }
                double dot = 0, squares = 0;
                for (int i = 0; i < dimension; i++)
                {
                    double a = rows.Values(0)[i], b = rows.Values(1)[i];
                    dot += a * b;
                    squares += (a - b) * (a - b);
                }
                double right = metric == Metric.L2 ? squares : metric == Metric.Cosine && isCopy ? -1 : -dot;
                RowDistances.Between(metric, rows, 0, [1], distance);
                double room = DistanceRounding.ShareOf(dimension) * (metric == Metric.Cosine ? 1 : Math.Abs(right));
                double off = Math.Abs(distance[0] - right);
                string where = $"seed {Seed}, round {round}, {metric}: {distance[0]:R} is {off:g3} from {right:R}, {room:g3} is allowed";
                Assert.True(off <= room, where);
                Assert.True(distance[0] <= DistanceRounding.FarthestOf(metric, (float)right, dimension), where);
                worst = Math.Max(worst, room == 0 ? 0 : off / room);
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{worst:P1} of what is allowed");
    }

    [Fact]
    public void LimitsThatNoDistanceReachesStayAsTheyAre()
    {
        Assert.Equal(0, DistanceRounding.FarthestOf(Metric.L2, 0, 128));
        Assert.Equal(float.PositiveInfinity, DistanceRounding.FarthestOf(Metric.L2, float.PositiveInfinity, 128));
        Assert.True(float.IsNaN(DistanceRounding.FarthestOf(Metric.Cosine, float.NaN, 128)));
        Assert.InRange(DistanceRounding.FarthestOf(Metric.Cosine, -1, 128), -1 + 2e-6f, -1 + 3e-6f);
    }
}
