using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Encoding;

namespace Ann.Tool.Judged;

/// <summary>How a judged collection is searched and scored.</summary>
internal sealed record JudgedSearch
{
    /// <summary>How nearness is measured.</summary>
    public required Metric Metric { get; init; }

    /// <summary>Ranks that nDCG looks at.</summary>
    public int K { get; init; } = 10;

    /// <summary>Ranks that there are: recall, MRR and MAP look at all of them.</summary>
    public int Depth { get; init; } = 100;

    /// <summary>Beam width of the index's searches, nodes.</summary>
    public required int Ef { get; init; }

    /// <summary>Threads of encoders, builds and exact scans.</summary>
    public required int Threads { get; init; }
}

/// <summary>Scores of one encoder on one collection: an entry a judged query, in the order of the queries.</summary>
/// <param name="Encoder">Which.</param>
/// <param name="Exact">By exact search.</param>
/// <param name="Index">Through an index at its defaults.</param>
internal sealed record JudgedResult(EncoderInfo Encoder, RankingScores[] Exact, RankingScores[] Index);

/// <summary>Encodes a judged collection, searches it exactly and through an index at its defaults, and scores both.</summary>
/// <param name="tool">Where progress goes, and files are.</param>
/// <param name="work">A directory for the index, which is deleted again.</param>
/// <param name="search">How it is searched.</param>
internal sealed class JudgedRun(ToolContext tool, string work, JudgedSearch search)
{
    /// <summary>One encoder on one collection.</summary>
    /// <exception cref="AnnException">As the encoder says; InvalidArgument: no passage has a direction.</exception>
    public JudgedResult Run(JudgedCollection collection, TextEncoder encoder, CancellationToken cancellation)
    {
        using EncodedTexts passages = Encode(collection.Passages.Texts, encoder, TextRole.Document, "passages", cancellation);
        using EncodedTexts queries = Encode(collection.Queries.Texts, encoder, TextRole.Query, "queries", cancellation);
        if (passages.Sources.Count == 0)
            throw AnnException.Invalid("--corpus", $"encoder '{encoder.Info.Name}' makes the zero vector of every passage.");
        RankingScores[] Score(List<int[]> rankings)
        {
            Dictionary<int, int[]> ofQuery = queries.Sources.Zip(rankings).ToDictionary(
                static pair => pair.First, static pair => pair.Second);
            return
            [
                .. collection.JudgedQueries.Select(
                    query => RankingScores.Of(ofQuery.GetValueOrDefault(query) ?? [], collection.Grades[query], search.K)),
            ];
        }
        string[] ids = [.. passages.Sources.Select(source => collection.Passages.Ids[source])];
        return new JudgedResult(
            encoder.Info, Score(RankExactly(passages, queries, ids, cancellation)),
            Score(RankByIndex(passages, queries, ids, cancellation)));
    }

    /// <summary>Rows of texts. Those of texts without tokens are left out, since they have no direction.</summary>
    /// <param name="Rows">The rows, from the first on.</param>
    /// <param name="Sources">The number of the text of each row.</param>
    private sealed record EncodedTexts(VectorTable Rows, List<int> Sources) : IDisposable
    {
        public void Dispose() => Rows.Dispose();
    }

    private EncodedTexts Encode(string[] texts, TextEncoder encoder, TextRole role, string what, CancellationToken cancellation)
    {
        const int Window = 512;
        int dimension = encoder.Info.Dimension;
        VectorTable rows = new(texts.Length, dimension);
        List<int> sources = [];
        float[] encoded = new float[Window * dimension];
        using (ProgressMeter progress = new(tool, $"{encoder.Info.Name} {what}", "texts", texts.Length))
        {
            for (int first = 0; first < texts.Length; first += Window)
            {
                int count = Math.Min(Window, texts.Length - first);
                encoder.Encode(new ArraySegment<string>(texts, first, count), role, encoded.AsSpan(0, count * dimension), cancellation);
                for (int i = 0; i < count; i++)
                {
                    Span<float> row = encoded.AsSpan(i * dimension, dimension);
                    if (!row.ContainsAnyExcept(0f) && search.Metric.Traits().HasUnitRows)
                        continue;
                    RowPreparation.Prepare(search.Metric, row, rows.Values(sources.Count), what, first + i);
                    sources.Add(first + i);
                }
                progress.Report(first + count);
            }
        }
        if (sources.Count < texts.Length)
            tool.Notice($"{encoder.Info.Name}: {texts.Length - sources.Count} {what} have no tokens, and are neither found nor answered.");
        return new EncodedTexts(rows, sources);
    }

    private List<int[]> RankExactly(EncodedTexts passages, EncodedTexts queries, string[] ids, CancellationToken cancellation)
    {
        ExactNeighbors neighbors = new(search.Metric, queries.Rows, search.Depth);
        neighbors.Scan(passages.Rows, passages.Sources.Count, 0, search.Threads, cancellation);
        List<int[]> rankings = [];
        int[] rows = new int[search.Depth];
        float[] distances = new float[search.Depth];
        for (int query = 0; query < queries.Sources.Count; query++)
        {
            int count = neighbors.Result(query, rows, distances);
            rankings.Add(Ranking(rows.AsSpan(0, count), distances.AsSpan(0, count), passages, ids));
        }
        return rankings;
    }

    /// <summary>Passages by distance, those of one distance by their ids, the greater one first: trec_eval's rule.</summary>
    private static int[] Ranking(ReadOnlySpan<int> rows, ReadOnlySpan<float> distances, EncodedTexts passages, string[] ids)
    {
        (int Row, float Distance)[] found = new (int, float)[rows.Length];
        for (int i = 0; i < found.Length; i++)
            found[i] = (rows[i], distances[i]);
        Array.Sort(found, (one, other) => one.Distance != other.Distance
            ? one.Distance.CompareTo(other.Distance)
            : string.CompareOrdinal(ids[other.Row], ids[one.Row]));
        return [.. found.Select(passage => passages.Sources[passage.Row])];
    }

    private List<int[]> RankByIndex(EncodedTexts passages, EncodedTexts queries, string[] ids, CancellationToken cancellation)
    {
        string path = Path.Combine(work, "judged.ann");
        int count = passages.Sources.Count;
        using (SegmentBuilder builder = new(
            count, passages.Rows.Dimension, new SegmentBuildOptions { Metric = search.Metric, Threads = search.Threads }))
        {
            for (int row = 0; row < count; row++)
                builder.Add(passages.Rows.Values(row));
            builder.Build(KeyColumn.Ordinals(count), progress: null, cancellation);
            builder.Write(tool.Files, path, progress: null, cancellation);
        }
        try
        {
            using SealedSegment segment = SealedSegment.Open(tool.Files, path);
            SearchParameters parameters = new(search.Depth, search.Ef);
            Neighbor[] found = new Neighbor[search.Depth];
            List<int[]> rankings = [];
            for (int query = 0; query < queries.Sources.Count; query++)
            {
                int results = segment.Search(queries.Rows.Values(query), in parameters, SearchBudget.Unlimited, found, out _);
                rankings.Add(Ranking(
                    [.. found.Take(results).Select(neighbor => (int)segment.Keys.Of(neighbor.Node).Number)],
                    [.. found.Take(results).Select(static neighbor => neighbor.Distance)], passages, ids));
            }
            return rankings;
        }
        finally
        {
            tool.Files.Delete(path);
        }
    }
}
