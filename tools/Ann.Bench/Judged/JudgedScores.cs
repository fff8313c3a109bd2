namespace Ann.Bench.Judged;

/// <summary>How well a ranking of passages answers judged queries: means over the queries that have judgements.</summary>
/// <param name="Ndcg10">
/// Normalised discounted cumulative gain of the first ten, 0 to 1: the gain is the grade itself, as trec_eval has it, over log2(rank + 1).
/// </param>
/// <param name="Recall100">Share of the passages that answer a query that are among the first hundred, 0 to 1.</param>
internal readonly record struct JudgedScores(double Ndcg10, double Recall100)
{
    /// <summary>Passages of a ranking that are looked at.</summary>
    public const int Depth = 100;

    private const int GainDepth = 10;

    /// <summary>Scores rankings.</summary>
    /// <param name="collection">Whose queries they answer.</param>
    /// <param name="rankings">Of each query: numbers of passages, best first.</param>
    public static JudgedScores Of(JudgedCollection collection, IReadOnlyList<int[]> rankings)
    {
        double gain = 0;
        double recall = 0;
        int count = 0;
        foreach (int query in collection.JudgedQueries)
        {
            IReadOnlyDictionary<int, int> grades = collection.Grades[query];
            double ideal = Gain(grades.Values.Where(static grade => grade > 0).OrderDescending());
            gain += Gain(rankings[query].Select(row => Math.Max(0, grades.GetValueOrDefault(row)))) / ideal;
            recall += (double)rankings[query].Take(Depth).Count(row => grades.GetValueOrDefault(row) > 0)
                / grades.Values.Count(static grade => grade > 0);
            count++;
        }
        return new JudgedScores(gain / count, recall / count);
    }

    private static double Gain(IEnumerable<int> grades) =>
        grades.Take(GainDepth).Select(static (grade, rank) => grade / Math.Log2(rank + 2)).Sum();
}
