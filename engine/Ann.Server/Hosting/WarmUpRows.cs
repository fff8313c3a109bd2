using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Server.Hosting;

/// <summary>Rows of an index that stand for queries before there are any.</summary>
internal static class WarmUpRows
{
    /// <summary>Rows spread over the oldest segment, which holds most of them as a rule, with their places among those asked for.</summary>
    /// <param name="index">The index; held meanwhile. One without rows gives none.</param>
    /// <param name="count">How many. Those that are no query, as zeros under cosine, are left out.</param>
    public static IEnumerable<(int Place, float[] Row)> Of(IndexSnapshot index, int count)
    {
        LiveSegment? segment = index.Segments.FirstOrDefault(static segment => segment.Count > 0);
        if (segment is null)
            yield break;
        int number = index.Segments.TakeWhile(other => other != segment).Count();
        for (int i = 0; i < count; i++)
        {
            float[] row = [.. index.RowOf(new SearchHit(number, (int)((long)i * segment.Count / count), 0))];
            if (RowPreparation.IsQuery(index.Metric, row))
                yield return (i, row);
        }
    }
}
