using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Heads for tests.</summary>
internal static class HeadFixture
{
    public static HeadShape Shape(
        int dimension, int capacity, Metric metric = Metric.L2, KeyKind keys = KeyKind.UInt64, CodesKind codes = CodesKind.Int8) =>
        new(metric, dimension, keys, new HnswParameters(16, 200, 1), codes, capacity);

    /// <summary>Appends, links and publishes rows in groups; key and node are the row's number, the sequence the rows so far.</summary>
    public static void Fill(HeadSegment head, float[][] rows, int group = 500)
    {
        for (int from = 0; from < rows.Length; from += group)
        {
            int to = Math.Min(from + group, rows.Length);
            for (int row = from; row < to; row++)
                Append(head, new ItemKey((ulong)row), rows[row]);
            head.Link();
            head.Publish(to);
        }
    }

    /// <summary>Prepares a row, as the index does, and appends it.</summary>
    public static int Append(HeadSegment head, ItemKey key, float[] row)
    {
        float[] prepared = new float[row.Length];
        RowPreparation.Prepare(head.Metric, row, prepared, "rows", 0);
        return head.Append(in key, prepared);
    }

    public static Neighbor[] Search(HeadSegment head, float[] query, SearchParameters parameters, ReadPoint? at = null)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = head.Search(query, in parameters, SearchBudget.Unlimited, at ?? head.Published, results, out _);
        return results[..count];
    }

    public static int[] Nodes(HeadSegment head, float[] query, SearchParameters parameters, ReadPoint? at = null) =>
        [.. Search(head, query, parameters, at).Select(result => result.Node)];

    /// <summary>Share of the k nearest, by exact search of the same head, that the walk finds.</summary>
    public static double Recall(HeadSegment head, float[][] queries, int k, int ef)
    {
        int hits = 0;
        foreach (float[] query in queries)
        {
            Neighbor[] exact = Search(head, query, new SearchParameters(k, Exact: true));
            hits += TieAwareRecall.Of(exact).CountRight(Search(head, query, new SearchParameters(k, ef)));
        }
        return (double)hits / (queries.Length * k);
    }
}
