using System.Globalization;
using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>Items like some examples and unlike others.</summary>
internal static class RecommendSearch
{
    private const double LeastSquaredNorm = 1e-10;

    /// <summary>
    /// Searches: by one vector made of the examples, or by each positive with what they find scored against all examples.
    /// </summary>
    /// <param name="index">Held by the caller, until the answer's hits are read.</param>
    /// <param name="query">What is asked.</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>One list; no attribution.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: no positive, a union, vectors that cannot be searched with, examples that cancel out under
    /// cosine; names the field.
    /// </exception>
    public static RankingAnswer Run(IndexSnapshot index, RecommendQuery query, in SearchBudget budget)
    {
        int dimension = index.Dimension;
        if (query.Search.Union is not null)
            throw AnnException.Invalid("union", "union is set; a recommendation takes none.");
        if (query.Positives.IsEmpty)
            throw AnnException.Invalid("positives", "there is no positive example; one at least was expected.");
        float[] positives = Prepare(index, query.Positives.Span, "positives");
        float[] negatives = Prepare(index, query.Negatives.Span, "negatives");
        if (query.Strategy == RecommendStrategy.Average)
            return RankingSearch.Run(index, Average(index.Metric, positives, negatives, dimension), 1, query.Search, in budget);
        if (query.Strategy != RecommendStrategy.BestScore)
            throw AnnException.Invalid("strategy", $"strategy {(int)query.Strategy} is unknown.");

        RankingQuery union = query.Search with { Union = new UnionMerge(0) };
        RankingSearch.Check(index, positives, positives.Length / dimension, union);
        using SnapshotSource source = new(index, union, in budget);
        return source.Selection.AddTo(Run(source, positives, negatives, union, in budget));
    }

    /// <summary>By best score, from any source.</summary>
    internal static RankingAnswer Run(
        ICandidateSource source, ReadOnlyMemory<float> positives, ReadOnlyMemory<float> negatives, RankingQuery union,
        in SearchBudget budget)
    {
        using ExampleScores scores = new(source.Metric, positives.Span, negatives.Span, source.Dimension);
        RankingAnswer answer = RankingSearch.Run(source, positives, union, scores, in budget);
        return answer with { FromRows = [] };
    }

    /// <summary>The mean of the positives, plus its difference to the mean of the negatives.</summary>
    internal static float[] Average(Metric metric, ReadOnlySpan<float> positives, ReadOnlySpan<float> negatives, int dimension)
    {
        double[] sum = new double[dimension];
        double share = (negatives.IsEmpty ? 1.0 : 2.0) / (positives.Length / dimension);
        for (int i = 0; i < positives.Length; i++)
            sum[i % dimension] += share * positives[i];
        for (int i = 0; i < negatives.Length; i++)
            sum[i % dimension] -= negatives[i] / (double)(negatives.Length / dimension);
        float[] query = [.. sum.Select(static component => (float)component)];
        double squares = sum.Sum(static component => component * component);
        bool hasUnitRows = metric.Traits().HasUnitRows;
        if (!hasUnitRows && squares > RowPreparation.MostSquares)
        {
            throw AnnException.Invalid(
                "positives",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the query that the examples make has length {Math.Sqrt(squares):g4}; it must be at most "
                    + $"{Math.Sqrt(RowPreparation.MostSquares):g4}. Scale the vectors down."));
        }
        if (hasUnitRows && squares < LeastSquaredNorm)
            throw AnnException.Invalid("positives", "the examples cancel out: their mean is zero, and cosine needs a direction.");
        return query;
    }

    private static float[] Prepare(IndexSnapshot index, ReadOnlySpan<float> vectors, string field)
    {
        int dimension = index.Dimension;
        if (vectors.Length % dimension != 0)
            throw AnnException.DimensionMismatch(field, "The index", dimension, vectors.Length % dimension);
        return RankingSearch.Prepare(index, vectors, field);
    }
}
