using Ann.Bench.Reports;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool;

namespace Ann.Bench.Judged;

/// <summary>How a judged collection is searched.</summary>
/// <param name="Metric">How nearness is measured.</param>
/// <param name="Ef">Beam width of the index's searches, nodes.</param>
/// <param name="Threads">Threads of encoders, builds and exact scans.</param>
internal sealed record JudgedSearch(Metric Metric, int Ef, int Threads);

/// <summary>Encodes a judged collection, searches it exactly and through an index at its defaults, and scores both.</summary>
/// <param name="tool">Where progress goes, and files are.</param>
/// <param name="work">A directory for the index, which is deleted again.</param>
/// <param name="search">How it is searched.</param>
internal sealed class JudgedRun(ToolContext tool, string work, JudgedSearch search)
{
    /// <summary>One encoder on one collection.</summary>
    /// <exception cref="AnnException">As the encoder says; InvalidArgument: a text of which it makes a row of zeros.</exception>
    public JudgedCell Run(JudgedCollection collection, TextEncoder encoder, CancellationToken cancellation)
    {
        using VectorTable passages = Encode(collection.Passages, encoder, TextRole.Document, "passages", cancellation);
        using VectorTable queries = Encode(collection.Queries, encoder, TextRole.Query, "queries", cancellation);
        return new JudgedCell
        {
            Collection = collection.Name,
            Encoder = encoder.Info.Name,
            Fingerprint = encoder.Info.FingerprintText,
            Passages = passages.Count,
            Queries = collection.JudgedQueries.Count(),
            Exact = JudgedScores.Of(collection, RankExactly(passages, queries, cancellation)),
            Index = JudgedScores.Of(collection, RankByIndex(passages, queries, cancellation)),
        };
    }

    private VectorTable Encode(string[] texts, TextEncoder encoder, TextRole role, string what, CancellationToken cancellation)
    {
        const int Window = 512;
        int dimension = encoder.Info.Dimension;
        VectorTable rows = new(texts.Length, dimension);
        float[] encoded = new float[Window * dimension];
        using ProgressMeter progress = new(tool, $"{encoder.Info.Name} {what}", "texts", texts.Length);
        for (int first = 0; first < texts.Length; first += Window)
        {
            int count = Math.Min(Window, texts.Length - first);
            encoder.Encode(new ArraySegment<string>(texts, first, count), role, encoded.AsSpan(0, count * dimension), cancellation);
            for (int i = 0; i < count; i++)
                RowPreparation.Prepare(search.Metric, encoded.AsSpan(i * dimension, dimension), rows.Values(first + i), what, first + i);
            progress.Report(first + count);
        }
        return rows;
    }

    private List<int[]> RankExactly(VectorTable passages, VectorTable queries, CancellationToken cancellation)
    {
        ExactNeighbors neighbors = new(search.Metric, queries, JudgedScores.Depth);
        neighbors.Scan(passages, passages.Count, 0, search.Threads, cancellation);
        List<int[]> rankings = [];
        int[] rows = new int[JudgedScores.Depth];
        float[] distances = new float[JudgedScores.Depth];
        for (int query = 0; query < queries.Count; query++)
            rankings.Add(rows[..neighbors.Result(query, rows, distances)]);
        return rankings;
    }

    private List<int[]> RankByIndex(VectorTable passages, VectorTable queries, CancellationToken cancellation)
    {
        string path = Path.Combine(work, "judged.ann");
        using (SegmentBuilder builder = new(
            passages.Count, passages.Dimension, new SegmentBuildOptions { Metric = search.Metric, Threads = search.Threads }))
        {
            for (int row = 0; row < passages.Count; row++)
                builder.Add(passages.Values(row));
            builder.Build(KeyColumn.Ordinals(passages.Count), progress: null, cancellation);
            builder.Write(tool.Files, path, progress: null, cancellation);
        }
        try
        {
            using SealedSegment segment = SealedSegment.Open(tool.Files, path);
            SearchParameters parameters = new(JudgedScores.Depth, search.Ef);
            Neighbor[] found = new Neighbor[JudgedScores.Depth];
            List<int[]> rankings = [];
            for (int query = 0; query < queries.Count; query++)
            {
                int count = segment.Search(queries.Values(query), in parameters, SearchBudget.Unlimited, found, out _);
                rankings.Add([.. found.Take(count).Select(neighbor => (int)segment.Keys.Of(neighbor.Node).Number)]);
            }
            return rankings;
        }
        finally
        {
            tool.Files.Delete(path);
        }
    }
}
