using Ann.Core.Distances;

namespace Ann.Core.Segments;

/// <summary>
/// The true k nearest rows of many queries, in double precision, ties by row. Rows are given block by block; every way to look at them has
/// the same answer, to the bit.
/// </summary>
internal interface ITruthScan : IDisposable
{
    /// <summary>Looks at more rows.</summary>
    /// <param name="rows">As they were given, each checked by <see cref="RowPreparation.Check"/>; of the queries' dimension.</param>
    /// <param name="count">How many of the table's first.</param>
    /// <param name="numbers">What they are called in the result, each once in all.</param>
    /// <param name="cancellation">Ends it early.</param>
    void Scan(VectorTable rows, int count, int[] numbers, CancellationToken cancellation);

    /// <summary>The answer of one query, nearest first. Call it once a query, after the last scan.</summary>
    /// <param name="query">Which.</param>
    /// <param name="rows">Room for k.</param>
    /// <param name="distances">Beside them: squared Euclidean distance, or the negated (cosine) product.</param>
    /// <returns>k, or fewer when there were fewer rows.</returns>
    int Result(int query, Span<int> rows, Span<double> distances);
}
