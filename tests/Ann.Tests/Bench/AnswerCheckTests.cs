using Ann.Bench.Curves;
using Ann.Bench.Sets;
using Ann.Core;

namespace Ann.Tests.Bench;

public sealed class AnswerCheckTests
{
    /// <summary>Rows on a line; 1 and 2 lie equally far from the query at 1.5, and 0 and 3 do.</summary>
    private static readonly float[][] Rows = [[0], [1], [2], [3], [10]];

    private static AnswerCheck Check(Metric metric = Metric.L2, int k = 3) =>
        new(metric, Rows, [[1.5f]], new ExactTruth(3, [1, 2, 0], []), k);

    [Fact]
    public void TiesWithTheLastTrueNeighbourAreRight() => Assert.Equal(1.0, Check().Recall([2, 1, 3]));

    /// <summary>Rows 0 and 3 are equally far, but only one of them belongs into three.</summary>
    [Fact]
    public void TiesDoNotMakeUpForNearerOnes() => Assert.Equal(2.0 / 3, Check().Recall([1, 0, 3]), tolerance: 1e-12);

    /// <summary>Ten copies nearer than all else, ten found of those that are equally far: one of eleven is right.</summary>
    [Fact]
    public void CopiesThatAreMissingAreMissed()
    {
        float[][] rows = [.. Enumerable.Range(0, 40).Select(row => row < 10 ? new float[] { 1, 0 } : [0, 1])];
        AnswerCheck check = new(Metric.L2, rows, [[0.9f, 0]], new ExactTruth(11, [.. Enumerable.Range(0, 11)], []), 11);

        Assert.Equal(1.0 / 11, check.Recall([.. Enumerable.Range(20, 11)]), tolerance: 1e-12);
        Assert.Equal(1, check.Recall([.. Enumerable.Range(0, 10), 39]));
    }

    /// <summary>Under L2 rows of scale 10⁻⁷ are as far apart as any.</summary>
    [Fact]
    public void SmallRowsAreToldApart() =>
        Assert.Equal(0, new AnswerCheck(Metric.L2, [[1e-7f], [2e-7f]], [[0]], new ExactTruth(1, [0], []), 1).Recall([1]));

    [Fact]
    public void FartherOnesAreWrong() => Assert.Equal(2.0 / 3, Check().Recall([2, 1, 4]), tolerance: 1e-12);

    [Fact]
    public void AnItemGivenTwiceIsRightOnce() => Assert.Equal(1.0 / 3, Check().Recall([2, 2, 2]), tolerance: 1e-12);

    [Fact]
    public void MissingAnswersAreWrong() => Assert.Equal(1.0 / 3, Check().Recall([1, -1, -1]), tolerance: 1e-12);

    [Fact]
    public void ARowThatIsNotThereIsAFaultOfTheEngine() =>
        Assert.Contains("row 5", Assert.Throws<AnnException>(() => Check().Recall([1, 2, 5])).Message);

    [Fact]
    public void InnerProductPrefersTheLargest() =>
        Assert.Equal(1.0, new AnswerCheck(Metric.InnerProduct, Rows, [[1f]], new ExactTruth(1, [4], []), 1).Recall([4]));
}
