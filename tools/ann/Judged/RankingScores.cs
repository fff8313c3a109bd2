namespace Ann.Tool.Judged;

/// <summary>How well one ranking answers, or the mean of several. All are 0 to 1, and those of trec_eval.</summary>
/// <param name="Ndcg">
/// Normalised discounted cumulative gain of the first k: the gain is the grade itself, as trec_eval has it, over log2(rank + 1).
/// </param>
/// <param name="Mrr">One over the rank of the first right item; 0 without one.</param>
/// <param name="Recall">Share of the right items that are in the ranking.</param>
/// <param name="Map">Mean over the right items of the precision at their rank; 0 for those that are not in the ranking.</param>
internal readonly record struct RankingScores(double Ndcg, double Mrr, double Recall, double Map)
{
    /// <summary>Scores a ranking.</summary>
    /// <param name="ranking">Items, best first, no two alike.</param>
    /// <param name="grades">Items with their grades; what is not above 0 is wrong, and so is what is not there. One is above 0.</param>
    /// <param name="k">Ranks that the gain is summed over.</param>
    public static RankingScores Of(ReadOnlySpan<int> ranking, IReadOnlyDictionary<int, int> grades, int k)
    {
        int right = 0;
        double gain = 0;
        double precisions = 0;
        double first = 0;
        for (int rank = 0; rank < ranking.Length; rank++)
        {
            int grade = grades.GetValueOrDefault(ranking[rank]);
            if (grade <= 0)
                continue;
            right++;
            precisions += (double)right / (rank + 1);
            if (right == 1)
                first = 1.0 / (rank + 1);
            if (rank < k)
                gain += Discounted(grade, rank);
        }
        int[] wanted = [.. grades.Values.Where(static grade => grade > 0).OrderDescending()];
        double ideal = wanted.Take(k).Select(Discounted).Sum();
        return new RankingScores(gain / ideal, first, (double)right / wanted.Length, precisions / wanted.Length);
    }

    /// <summary>The mean of some; all 0 of none.</summary>
    public static RankingScores Mean(IReadOnlyCollection<RankingScores> scores) => scores.Count == 0
        ? default
        : new RankingScores(
            scores.Average(static one => one.Ndcg), scores.Average(static one => one.Mrr), scores.Average(static one => one.Recall),
            scores.Average(static one => one.Map));

    private static double Discounted(int grade, int rank) => grade / Math.Log2(rank + 2);
}
