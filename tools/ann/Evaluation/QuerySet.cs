using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Tool.Formats;

namespace Ann.Tool.Evaluation;

/// <summary>Query vectors in memory.</summary>
internal sealed class QuerySet(float[] values, int count, int dimension)
{
    /// <summary>Queries.</summary>
    public int Count => count;

    /// <summary>One query.</summary>
    public ReadOnlySpan<float> this[int query] => values.AsSpan(query * dimension, dimension);

    /// <summary>Reads a whole file.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="path">The file.</param>
    /// <param name="index">The index, for messages.</param>
    /// <param name="dimension">Components of its vectors.</param>
    /// <exception cref="AnnException">InvalidArgument: unreadable, too large, or of another dimension than the index.</exception>
    public static QuerySet Load(ToolContext tool, string path, string index, int dimension)
    {
        using VectorReader reader = VectorInput.Open(tool.Files, path);
        if (reader.Notice is not null)
            tool.Notice(reader.Notice);
        if (reader.Dimension != dimension)
        {
            throw AnnException.BadInput(
                path, "", $"the queries have dimension {reader.Dimension}; {index} has {dimension}.");
        }
        if (reader.Count * reader.Dimension > Array.MaxLength)
            throw AnnException.BadInput(path, "", $"{reader.Count} queries are more than fit in memory at once.");

        float[] values = new float[reader.Count * reader.Dimension];
        for (int row = 0; row < reader.Count;)
            row += reader.ReadRows(values.AsSpan(row * reader.Dimension));
        return new QuerySet(values, (int)reader.Count, reader.Dimension);
    }

    /// <summary>All queries, or so many spread over them.</summary>
    public float[][] Spread(int most)
    {
        int chosen = Math.Min(most, count);
        return [.. Enumerable.Range(0, chosen).Select(i => this[(int)((long)i * count / chosen)].ToArray())];
    }

    /// <summary>The first queries only.</summary>
    public QuerySet First(int queries) => new(values, queries, dimension);
}
