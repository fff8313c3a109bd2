using Ann.Protocol.V1;
using Ann.Tool.Load;
using Ann.Tool.Reports;

namespace Ann.Tests.Tool;

public sealed class LoadQualityTests
{
    [Fact]
    public void AnswersAreCountedByWhatTheySay()
    {
        LoadQuality quality = new(TimeSpan.FromMilliseconds(5));
        quality.Add(Answer(Completeness.Complete, step: 0, estimate: 0.95), TimeSpan.FromMilliseconds(1), right: 10, wanted: 10);
        quality.Add(Answer(Completeness.Complete, step: 0, estimate: 0.97), TimeSpan.FromMilliseconds(5), right: 9, wanted: 10);
        quality.Add(Answer(Completeness.TruncatedDeadline, step: 3, estimate: 0.5), TimeSpan.FromMilliseconds(6), right: 7, wanted: 10);
        quality.Add(Answer(Completeness.DegradedOverload, step: 1, estimate: null), TimeSpan.FromMilliseconds(2), right: 1, wanted: 10);

        LoadAnswers answers = quality.Summarise(due: 6);

        Assert.Equal(3.0 / 6, answers.InDeadline);
        Assert.Equal(
            [("Complete", 2L), ("DegradedOverload", 1L), ("TruncatedDeadline", 1L)],
            answers.Completeness.Select(static pair => (pair.Key, pair.Value)).Order());
        Assert.Equal([2, 1, 0, 1, 0], answers.BrownOut);
        Assert.Equal((0.95 + 0.97 + 0.5) / 3, answers.EstimatedRecall!.Value, 1e-9);
        Assert.Equal((1 + 0.9 + 0.7) / 3, answers.MeasuredRecall!.Value, 1e-9);
        Assert.Equal((0.02 + 0.2) / 3, answers.EstimateError!.Value, 1e-9); // 1.92 for 1.9 in one class, 0.5 for 0.7 in another
    }

    [Fact]
    public void WithoutDeadlineAndTruthThereIsLessToTell()
    {
        LoadQuality quality = new(null);
        quality.Add(Answer(Completeness.Complete, step: 0, estimate: 1), TimeSpan.FromMilliseconds(1), right: 0, wanted: 0);

        LoadAnswers answers = quality.Summarise(due: 1);

        Assert.Null(answers.InDeadline);
        Assert.Null(answers.EstimatedRecall);
        Assert.Null(answers.EstimateError);
    }

    private static SearchResponse Answer(Completeness completeness, uint step, double? estimate)
    {
        SearchResponse answer = new() { Completeness = completeness, Stats = new SearchStats { BrownOut = step } };
        if (estimate is double recall)
            answer.Stats.EstimatedRecall = recall;
        return answer;
    }
}
