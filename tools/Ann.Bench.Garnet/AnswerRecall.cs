using Ann.Core.Searching;

namespace Ann.Bench.Garnet;

/// <summary>
/// Recall of answers under L2 against exact truth, by <see cref="TieAwareRecall"/> over distances that are computed anew in double
/// precision.
/// </summary>
internal sealed class AnswerRecall
{
    private readonly IReadOnlyList<float[]> _rows;
    private readonly IReadOnlyList<float[]> _queries;
    private readonly TieAwareRecall[] _truth;
    private readonly int _k;

    /// <param name="rows">Base rows; an answer names them by number.</param>
    /// <param name="queries">Queries.</param>
    /// <param name="truth">The k nearest rows of each query.</param>
    /// <param name="k">Results of a query.</param>
    public AnswerRecall(IReadOnlyList<float[]> rows, IReadOnlyList<float[]> queries, int[] truth, int k)
    {
        _rows = rows;
        _queries = queries;
        _truth = new TieAwareRecall[queries.Count];
        _k = k;
        double[] exact = new double[k];
        for (int query = 0; query < queries.Count; query++)
        {
            for (int i = 0; i < k; i++)
                exact[i] = Distance(query, truth[query * k + i]);
            _truth[query] = TieAwareRecall.Of(exact);
        }
    }

    /// <summary>Recall of the answers to all queries, in their order.</summary>
    /// <param name="answers">Rows; at most k a query.</param>
    public double Of(IReadOnlyList<int[]> answers)
    {
        long right = 0;
        for (int query = 0; query < answers.Count; query++)
            right += CountRight(query, answers[query]);
        return (double)right / ((long)answers.Count * _k);
    }

    private int CountRight(int query, int[] answer)
    {
        TieAwareRecall truth = _truth[query];
        (int nearer, int tied) = (0, 0);
        foreach (int row in answer.Distinct())
        {
            double distance = Distance(query, row);
            nearer += truth.IsNearer(distance) ? 1 : 0;
            tied += truth.IsTied(distance) ? 1 : 0;
        }
        return truth.CountRight(nearer, tied);
    }

    private double Distance(int query, int row)
    {
        double sum = 0;
        for (int i = 0; i < _queries[query].Length; i++)
        {
            double difference = (double)_queries[query][i] - _rows[row][i];
            sum += difference * difference;
        }
        return sum;
    }
}
