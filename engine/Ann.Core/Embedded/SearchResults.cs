using System.Collections;
using System.Collections.ObjectModel;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Core.Embedded;

/// <summary>What a search found, nearest first; ties by key. Holds nothing of the index.</summary>
public sealed class SearchResults : IReadOnlyList<SearchResult>
{
    private readonly SearchResult[] _results;

    private SearchResults(SearchResult[] results, RankingAnswer answer)
    {
        _results = results;
        Stopped = answer.Statistics.Stopped;
        Matching = answer.Matching;
    }

    /// <summary>Results: k, or fewer where fewer items may be returned or the search was stopped.</summary>
    public int Count => _results.Length;

    /// <summary>
    /// <see cref="StopReason.Deadline"/> when <see cref="SearchOptions.TimeLimit"/> passed, and the results are the best found so far;
    /// otherwise <see cref="StopReason.None"/>.
    /// </summary>
    public StopReason Stopped { get; }

    /// <summary>
    /// Items that the filter and the excluded keys leave; null where there were neither. Too many or too few when
    /// <see cref="Stopped"/>.
    /// </summary>
    public long? Matching { get; }

    /// <summary>A result.</summary>
    /// <param name="index">Its place, from 0, the nearest.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such place.</exception>
    public SearchResult this[int index] => _results[index];

    /// <inheritdoc/>
    public IEnumerator<SearchResult> GetEnumerator() => ((IEnumerable<SearchResult>)_results).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Reads the keys, scores, attributes and payloads of an answer.</summary>
    /// <param name="index">The snapshot that gave it, held.</param>
    /// <param name="answer">One list.</param>
    /// <param name="columns">Attributes wanted.</param>
    /// <param name="payloads">True when payloads are wanted.</param>
    internal static SearchResults Of(IndexSnapshot index, RankingAnswer answer, int[] columns, bool payloads)
    {
        SearchResult[] results = new SearchResult[answer.Hits.Count];
        AttributeSchema schema = index.Attributes;
        AttributeColumn[] attributes = Array.ConvertAll(columns, column => new AttributeColumn(schema.Fields[column]));
        for (int i = 0; i < results.Length; i++)
        {
            SearchHit hit = answer.Hits[i];
            Dictionary<string, object?>? values = columns.Length == 0 ? null : new(columns.Length, StringComparer.Ordinal);
            for (int column = 0; column < columns.Length; column++)
            {
                index.CopyAttribute(hit, columns[column], attributes[column]);
                values![attributes[column].Field.Name] = ItemAttributes.ValueAt(attributes[column], i);
            }
            results[i] = new SearchResult(AnnKey.Of(index.KeyOf(hit)), index.Metric.ToScore(hit.Distance), values)
            {
                Payload = payloads ? index.PayloadOf(hit).ToArray() : default(ReadOnlyMemory<byte>),
            };
        }
        return new SearchResults(results, answer);
    }
}

/// <summary>An item that a search found.</summary>
public sealed class SearchResult
{
    internal SearchResult(AnnKey key, float score, IReadOnlyDictionary<string, object?>? attributes)
    {
        Key = key;
        Score = score;
        Attributes = attributes ?? ReadOnlyDictionary<string, object?>.Empty;
    }

    /// <summary>Its key.</summary>
    public AnnKey Key { get; }

    /// <summary>
    /// How near it is, in the metric's own unit: cosine similarity in [−1, 1] or inner product, both larger is nearer; Euclidean distance,
    /// smaller is nearer.
    /// </summary>
    public float Score { get; }

    /// <summary>
    /// The attributes that <see cref="SearchOptions.Attributes"/> named, with values of the types of <see cref="AnnItem"/>; null for an
    /// attribute that the item has no value of.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Attributes { get; }

    /// <summary>
    /// The payload, where <see cref="SearchOptions.Payloads"/> asked for it; empty for an item that has none.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; internal init; }

    /// <summary>One of <see cref="Attributes"/>.</summary>
    /// <param name="attribute">Its name.</param>
    /// <exception cref="KeyNotFoundException">The search did not ask for it.</exception>
    public object? this[string attribute] => Attributes[attribute];
}
