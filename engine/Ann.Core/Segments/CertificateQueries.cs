using Ann.Core.Distances;

namespace Ann.Core.Segments;

/// <summary>Queries that the recall of a certificate is measured with: such as are really asked, and no rows of the segment.</summary>
/// <param name="Vectors">As a caller would give them, of the dimension of the rows; one at least. Not copied.</param>
/// <param name="Source">What they are: <see cref="Given"/> or <see cref="Sampled"/>.</param>
/// <param name="File">File they came from, without its directory; null when they came from none.</param>
internal sealed record CertificateQueries(IReadOnlyList<float[]> Vectors, string Source, string? File = null)
{
    /// <summary>Source of queries that whoever built the segment gave.</summary>
    public const string Given = "queries";

    /// <summary>Source of queries that a live index was asked and kept.</summary>
    public const string Sampled = "sampled";

    /// <summary>Source where no queries are known: rows of the segment stand in for them.</summary>
    public const string Rows = "rows";

    /// <summary>Fewer sampled queries say less than rows do.</summary>
    internal const int LeastSampled = 64;

    /// <summary>Refuses queries that the segment could not be asked.</summary>
    /// <exception cref="AnnException">InvalidArgument, field <c>queries</c>; names the row.</exception>
    internal void Validate(Metric metric, int dimension)
    {
        if (Vectors.Count == 0)
            throw AnnException.Invalid("queries", "there are no queries to measure recall with.");
        float[] prepared = new float[dimension];
        for (int row = 0; row < Vectors.Count; row++)
        {
            if (Vectors[row].Length != dimension)
                throw AnnException.DimensionMismatch("queries", "The index", dimension, Vectors[row].Length);
            RowPreparation.Prepare(metric, Vectors[row], prepared, "queries", row);
        }
    }
}
