using Ann.Tool.Judged;
using Ann.Tool.Reports;

namespace Ann.Tool.Interactions;

/// <summary>Scores answers to users by what was held out.</summary>
/// <param name="users">Who was asked for.</param>
/// <param name="k">Items of an answer.</param>
/// <param name="seed">Of the bootstrap.</param>
internal sealed class InteractionScores(HeldOutUsers users, int k, int seed)
{
    /// <summary>Scores the answers of one way to answer.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="answers">Of each user, best first, by number.</param>
    /// <param name="exact">Those of exact search.</param>
    /// <param name="items">Numbers of the items that could be answered.</param>
    public InteractionRun Score(string name, int[][] answers, int[][] exact, int[] items)
    {
        RankingScores[] scores = Scores(answers);
        double[] hits = Hits(scores);
        (double low, double high) = PairedBootstrap.IntervalOfMean(hits, seed);
        RankingScores mean = RankingScores.Mean(scores);
        return new InteractionRun
        {
            Answers = name,
            Recall = answers.Zip(exact, static (found, truth) =>
                truth.Length == 0 ? 1 : (double)truth.Intersect(found).Count() / truth.Length).Average(),
            HitRate = hits.Average(),
            HitRateLow = low,
            HitRateHigh = high,
            Ndcg = mean.Ndcg,
            Mrr = mean.Mrr,
            Coverage = (double)answers.SelectMany(static answer => answer).Distinct().Count() / items.Length,
            PopularityBias = Bias(answers, items),
            AgainstExact = PairedBootstrap.Compare(Hits(Scores(exact)), hits, seed),
        };
    }

    private RankingScores[] Scores(int[][] answers) =>
        [.. answers.Select((answer, user) => RankingScores.Of(answer, users.Users[user].Wanted, k))];

    private static double[] Hits(RankingScores[] scores) => [.. scores.Select(static one => one.Mrr > 0 ? 1.0 : 0.0)];

    private double? Bias(int[][] answers, int[] items)
    {
        if (users.Counts is not { } counts)
            return null;
        double usual = items.Average(CountOf);
        int[] answered = [.. answers.SelectMany(static answer => answer)];
        return usual == 0 || answered.Length == 0 ? null : answered.Average(CountOf) / usual;

        double CountOf(int item) => item < counts.Length ? counts[item] : 0;
    }
}
