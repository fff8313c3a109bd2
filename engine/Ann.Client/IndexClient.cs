using System.Runtime.CompilerServices;
using Ann.Client.Connecting;
using Ann.Protocol.V1;

namespace Ann.Client;

/// <summary>One index of a server: searches and other reads, and writes where it is live. Safe for any number of threads.</summary>
public sealed partial class IndexClient
{
    private readonly AnnClient _client;

    internal IndexClient(AnnClient client, string name)
    {
        _client = client;
        Name = name;
    }

    /// <summary>Name of the index, with its generation where one is insisted on.</summary>
    public string Name { get; }

    /// <summary>Finds the k items nearest to a vector, nearest first, ties by key.</summary>
    /// <param name="vector">Of the index's dimension; must not change until the call has ended.</param>
    /// <param name="k">1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer, to be disposed.</returns>
    /// <exception cref="Grpc.Core.RpcException">As the protocol says of Search.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<SearchAnswer> SearchAsync(ReadOnlyMemory<float> vector, int k = 10, CancellationToken cancellationToken = default) =>
        SearchAsync(new SearchQuery { Vectors = vector, K = k }, cancellationToken);

    /// <summary>Finds the k items nearest to a text, which the index's own encoder reads.</summary>
    /// <param name="text">What is looked for.</param>
    /// <param name="k">1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer, to be disposed.</returns>
    public Task<SearchAnswer> SearchAsync(string text, int k = 10, CancellationToken cancellationToken = default) =>
        SearchAsync(new SearchQuery { Texts = [text], K = k }, cancellationToken);

    /// <summary>Searches.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer, to be disposed.</returns>
    /// <exception cref="Grpc.Core.RpcException">As the protocol says of Search.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<SearchAnswer> SearchAsync(SearchQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _client.AskAsync(CallMethods.Search, query.ToWire(Name), Name, query.Timeout, cancellationToken);
    }

    /// <summary>Makes several searches as of one write, each with a filter and all else of its own: a batch of users.</summary>
    /// <param name="queries">1 to 1,024. The call may take as long as the most patient of them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>An answer a search, each to be disposed.</returns>
    public Task<SearchAnswer[]> SearchManyAsync(IEnumerable<SearchQuery> queries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        SearchManyRequest request = new() { Index = Name };
        TimeSpan? timeout = null;
        foreach (SearchQuery query in queries)
        {
            request.Searches.Add(query.ToWire(""));
            timeout = query.Timeout > (timeout ?? TimeSpan.Zero) ? query.Timeout : timeout;
        }
        return _client.AskAsync(CallMethods.SearchMany, request, Name, timeout, cancellationToken);
    }

    /// <summary>The items most like some examples and unlike others; <see cref="SearchAnswer.MissingExamples"/>.</summary>
    /// <param name="examples">What to be like.</param>
    /// <param name="query">What is asked besides; no vectors and no texts. Null: ten items.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer, to be disposed.</returns>
    public Task<SearchAnswer> RecommendAsync(
        SearchExamples examples, SearchQuery? query = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(examples);
        query ??= new SearchQuery();
        RecommendRequest request = examples.ToWire();
        request.Search = query.ToWire(Name);
        return _client.AskAsync(CallMethods.Recommend, request, Name, query.Timeout, cancellationToken);
    }

    /// <summary>All items within a score of each row, at most k of them; <see cref="SearchAnswer.Bounded"/>.</summary>
    /// <inheritdoc cref="SearchAsync(SearchQuery, CancellationToken)"/>
    public Task<SearchAnswer> RangeAsync(SearchQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _client.AskAsync(
            CallMethods.Range, new RangeRequest { Search = query.ToWire(Name) }, Name, query.Timeout, cancellationToken);
    }

    /// <summary>Says why an item is in the answer of a search, or why not. Runs exact searches: for people, not for traffic.</summary>
    /// <param name="query">The search.</param>
    /// <param name="key">The item: one key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ExplainResponse> ExplainAsync(SearchQuery query, ItemKeys key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ExplainRequest request = new() { Search = query.ToWire(Name), Key = key.ToWire() };
        return _client.ReadAsync(
            "Explain", Name, query.Timeout, options => _client.Retrieval.ExplainAsync(request, options), cancellationToken);
    }

    /// <summary>Looks items up by their keys. A key that has no item is listed, and is no error.</summary>
    /// <param name="keys">1 to 1,024, of the index's kind.</param>
    /// <param name="attributes">Attributes wanted back.</param>
    /// <param name="withVectors">Also return the vectors.</param>
    /// <param name="withPayloads">Also return the payloads.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<FetchResponse> FetchAsync(
        ItemKeys keys, IEnumerable<string>? attributes = null, bool withVectors = false, bool withPayloads = false,
        CancellationToken cancellationToken = default)
    {
        FetchRequest request = new()
        {
            Index = Name,
            Keys = keys.ToWire(),
            WithVectors = withVectors,
            WithPayloads = withPayloads,
        };
        request.Attributes.AddRange(attributes ?? []);
        return _client.ReadAsync("Fetch", Name, null, options => _client.Retrieval.FetchAsync(request, options), cancellationToken);
    }

    /// <summary>Pages through the items in the order of their keys. An item that is there all the while comes exactly once.</summary>
    /// <param name="filter">Which items; null for all.</param>
    /// <param name="attributes">Attributes wanted back.</param>
    /// <param name="withVectors">Also return the vectors.</param>
    /// <param name="withPayloads">Also return the payloads.</param>
    /// <param name="pageSize">Items of a page, 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the call under way.</param>
    public async IAsyncEnumerable<ScrollResponse> ScrollAsync(
        ItemFilter? filter = null, IEnumerable<string>? attributes = null, bool withVectors = false, bool withPayloads = false,
        int pageSize = 1000, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ScrollRequest request = new()
        {
            Index = Name,
            Limit = (uint)Math.Max(pageSize, 0),
            WithVectors = withVectors,
            WithPayloads = withPayloads,
        };
        if (filter is not null)
            request.Filter = filter.Wire;
        request.Attributes.AddRange(attributes ?? []);
        while (true)
        {
            ScrollResponse page = await _client.ReadAsync(
                "Scroll", Name, null, options => _client.Retrieval.ScrollAsync(request, options), cancellationToken).ConfigureAwait(false);
            int count = page.Keys is { } keys ? keys.Numbers.Count + keys.Texts.Count : 0;
            if (count > 0)
                yield return page;
            if (count < pageSize)
                yield break;
            request.After = LastOf(page.Keys!);
        }
    }

    /// <summary>Makes a filter known to the server, so that searches name it by its hash.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The hash, for <see cref="SearchQuery.PreparedFilter"/>, and the items that it takes now.</returns>
    public async Task<(ulong Hash, ulong Matching)> PrepareFilterAsync(ItemFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        PrepareFilterRequest request = new() { Index = Name, Filter = filter.Wire };
        PrepareFilterResponse answer = await _client.ReadAsync(
            "PrepareFilter", Name, null, options => _client.Retrieval.PrepareFilterAsync(request, options), cancellationToken)
            .ConfigureAwait(false);
        return (answer.PreparedFilter, answer.Matching);
    }

    /// <summary>Turns texts into vectors with an encoder of the index: that of its queries, or that of its rows.</summary>
    /// <param name="texts">1 to 1,024.</param>
    /// <param name="areDocuments">True for texts that are items, and are found.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<EmbedResponse> EmbedAsync(
        IEnumerable<string> texts, bool areDocuments = false, CancellationToken cancellationToken = default)
    {
        EmbedRequest request = new() { Index = Name, Role = areDocuments ? TextRole.Document : TextRole.Query };
        request.Texts.AddRange(texts);
        return _client.ReadAsync("Embed", Name, null, options => _client.Retrieval.EmbedAsync(request, options), cancellationToken);
    }

    /// <summary>What the server says of the index: dimension, metric, attributes, generations, recall.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IndexDescription> DescribeAsync(CancellationToken cancellationToken = default)
    {
        DescribeRequest request = new() { Index = Name };
        return (await _client.ReadAsync(
            "Describe", Name, null, options => _client.Indexes.DescribeAsync(request, options), cancellationToken).ConfigureAwait(false))
            .Index;
    }

    private static KeyColumn LastOf(KeyColumn keys) =>
        (keys.Texts.Count > 0 ? (ItemKeys)keys.Texts[^1] : keys.Numbers[^1]).ToWire();
}
