using System.Text.Json.Nodes;
using Ann.Protocol.V1;
using Ann.Tool.Reports;

namespace Ann.Tool.Remote;

/// <summary>Takes the columns of a reply apart for people.</summary>
internal static class SearchAnswers
{
    private const int MaxTitleLength = 100;

    /// <summary>Results of one query row.</summary>
    /// <param name="response">The reply.</param>
    /// <param name="row">The query's row.</param>
    /// <param name="titles">What items say, by key; keys may be missing.</param>
    /// <param name="attributes">Attributes of all results; null when none were asked for.</param>
    public static List<QueryHit> Hits(
        SearchResponse response, int row, IReadOnlyDictionary<string, string> titles, JsonObject[]? attributes = null)
    {
        List<QueryHit> hits = [];
        for (int i = (int)response.RowOffsets[row]; i < (int)response.RowOffsets[row + 1]; i++)
        {
            string key = ServerConnection.KeyAt(response.Keys, i);
            hits.Add(new QueryHit
            {
                Key = key,
                Score = response.Scores[i],
                Title = titles.GetValueOrDefault(key),
                FromRow = i < response.FromRows.Count ? response.FromRows[i] : null,
                Attributes = attributes?[i],
            });
        }
        return hits;
    }

    /// <summary>One line a result.</summary>
    public static void Print(TextWriter text, QueryAnswer answer)
    {
        foreach (QueryHit hit in answer.Results)
        {
            string title = hit.Title is { Length: > MaxTitleLength } ? hit.Title[..MaxTitleLength] + "…" : hit.Title ?? "";
            string price = hit.Price is null ? "" : $"{hit.Price,9:F2}";
            string from = hit.FromRow is uint row ? $"[{row}] " : "";
            text.WriteLine(
                $"  {hit.Score,8:F4}{price}  {from}{PrintedText.Of(hit.Key)}  {PrintedText.Of(title)}".TrimEnd()
                + PrintedText.Of(hit.Attributes));
        }
    }
}
