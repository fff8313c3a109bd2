using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Encoders;
using Ann.Tool.Evaluation;

namespace Ann.Tool.Releases;

/// <summary>Queries asked of the index of a release: how many of the nearest a walk finds, and which they are.</summary>
internal static class ReleaseMeasurement
{
    /// <summary>Nearest items of each query.</summary>
    public const int K = 10;

    /// <summary>Queries that are kept with their answers.</summary>
    public const int Golden = 16;

    /// <summary>Relative distance by which items may change places on another machine.</summary>
    private const double Rounding = 1e-4;

    /// <summary>Encodes queries, and leaves those out that the index cannot be asked: under cosine the zero vector.</summary>
    public static IReadOnlyList<GoldenRow> Encode(
        SealedSegment segment, CheckedEncoder encoder, IReadOnlyList<GoldenRow> queries, CancellationToken cancellation)
    {
        int dimension = encoder.Info.Dimension;
        float[] rows = encoder.EncodeQueries(queries, cancellation);
        List<GoldenRow> encoded = [];
        for (int i = 0; i < queries.Count; i++)
        {
            float[] row = rows[(i * dimension)..((i + 1) * dimension)];
            if (row.AsSpan().ContainsAnyExcept(0f) || !segment.Metric.Traits().HasUnitRows)
                encoded.Add(queries[i] with { Embedding = row });
        }
        return encoded;
    }

    /// <summary>Recall against exact search at one beam width.</summary>
    public static double Recall(
        ToolContext tool, SealedSegment segment, IReadOnlyList<GoldenRow> queries, int ef, CancellationToken cancellation)
    {
        int k = Math.Min(K, segment.Count);
        QuerySet asked = new([.. queries.SelectMany(static query => query.Embedding)], queries.Count, segment.Dimension);
        GroundTruth truth = GroundTruth.Compute(tool, segment, asked, k, cancellation);
        Neighbor[] found = new Neighbor[queries.Count * k];
        for (int query = 0; query < queries.Count; query++)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<Neighbor> results = found.AsSpan(query * k, k);
            int count = segment.Search(asked[query], new SearchParameters(k, Math.Max(ef, k)), SearchBudget.Unlimited, results, out _);
            results[count..].Fill(new Neighbor(-1, float.PositiveInfinity));
        }
        return new RecallMeter(segment, asked, truth).Mean(found);
    }

    /// <summary>A query with the keys of its nearest items.</summary>
    public static GoldenRow Answered(SealedSegment segment, GoldenRow query) =>
        query with { Nearest = [.. Exact(segment, query, K).Select(found => segment.Keys.Of(found.Node).ToString())] };

    /// <summary>
    /// What is wrong with the answer of a query that is known; null for nothing. Items of one distance may change places.
    /// </summary>
    /// <param name="segment">The index.</param>
    /// <param name="query">With its nearest items.</param>
    /// <param name="name">What messages call it.</param>
    public static string? Fault(SealedSegment segment, GoldenRow query, string name)
    {
        if (query.Nearest is not { Length: > 0 } nearest)
            return $"{name}: no nearest items are known of it";
        Neighbor[] found = Exact(segment, query, (2 * nearest.Length) + K);
        if (found.Length < nearest.Length)
            return $"{name}: {nearest.Length} nearest items are known; the index holds {found.Length}";
        double last = found[nearest.Length - 1].Distance;
        double most = last + (Math.Abs(last) * Rounding) + float.Epsilon;
        HashSet<string> near = [.. found.Where(one => one.Distance <= most).Select(one => segment.Keys.Of(one.Node).ToString())];
        return nearest.FirstOrDefault(key => !near.Contains(key)) is { } missing
            ? $"{name}: item {missing} is one of the {nearest.Length} nearest; it is not now"
            : null;
    }

    private static Neighbor[] Exact(SealedSegment segment, GoldenRow query, int k)
    {
        Neighbor[] found = new Neighbor[Math.Min(k, segment.Count)];
        SearchParameters parameters = new(found.Length, Exact: true);
        int count = segment.Search(query.Embedding, in parameters, SearchBudget.Unlimited, found, out _);
        return found[..count];
    }
}
