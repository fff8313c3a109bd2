using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Ann.Client;
using Ann.Protocol.V1;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Ann.Extensions.VectorData;

/// <summary>
/// A live index as a collection. Properties of records that are indexed are attributes of items, and may be filtered by; all others are in
/// the item's payload. Sets of texts that are indexed come back without their order.
/// </summary>
internal sealed class AnnCollection<TKey, TRecord> : VectorStoreCollection<TKey, TRecord>
    where TKey : notnull
    where TRecord : class
{
    private const int MostSorted = 10_000;
    private const int BatchRecords = 1000;

    private readonly AnnClient _client;
    private readonly IndexClient _index;
    private readonly RecordModel _model;
    private readonly RecordMapper<TRecord> _mapper;

    public AnnCollection(AnnClient client, string name, RecordModel model)
    {
        _client = client;
        _index = client.Index(name);
        _model = model;
        _mapper = new RecordMapper<TRecord>(model);
        Name = name;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    private bool WithPayloads => !_model.Payload.IsEmpty;

    /// <inheritdoc/>
    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) =>
        TellAsync("CollectionExists", () => CollectionCalls.ExistsAsync(_client, Name, cancellationToken));

    /// <inheritdoc/>
    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default) =>
        TellAsync("EnsureCollectionExists", () => CollectionCalls.CreateAsync(_client, Name, _model, cancellationToken));

    /// <inheritdoc/>
    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default) =>
        TellAsync("EnsureCollectionDeleted", () => CollectionCalls.DropAsync(_client, Name, cancellationToken));

    /// <inheritdoc/>
    public override async Task<TRecord?> GetAsync(
        TKey key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default)
    {
        await foreach (TRecord record in GetAsync([key], options, cancellationToken).ConfigureAwait(false))
            return record;
        return null;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<TRecord> GetAsync(
        IEnumerable<TKey> keys, RecordRetrievalOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        bool withVectors = options?.IncludeVectors ?? false;
        foreach (TKey[] part in keys.Chunk(BatchRecords))
        {
            FetchResponse found = await TellAsync("Get", () => _index.FetchAsync(
                StoreKeys.OfAll([.. part.Cast<object>()]), _mapper.Attributes, withVectors, WithPayloads, cancellationToken))
                .ConfigureAwait(false);
            foreach (TRecord record in _mapper.ToRecords(
                found.Found, found.Attributes, found.Payloads, withVectors ? found.Vectors : null))
                yield return record;
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<TRecord> GetAsync(
        Expression<Func<TRecord, bool>> filter, int top, FilteredRecordRetrievalOptions<TRecord>? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        options ??= new FilteredRecordRetrievalOptions<TRecord>();
        ItemFilter wanted = new FilterTranslation(_model).Translate(filter);
        var order = options.OrderBy?.Invoke(new FilteredRecordRetrievalOptions<TRecord>.OrderByDefinition()).Values ?? [];
        int most = order.Count == 0 ? options.Skip + top : MostSorted + 1;
        List<TRecord> found = [];
        await foreach (ScrollResponse page in ScrollAsync(wanted, Math.Min(most, BatchRecords), options.IncludeVectors, cancellationToken)
            .ConfigureAwait(false))
        {
            found.AddRange(_mapper.ToRecords(
                page.Keys, page.Attributes, page.Payloads, options.IncludeVectors ? page.Vectors : null));
            if (found.Count >= most)
                break;
        }
        if (order.Count > 0 && found.Count > MostSorted)
        {
            throw new NotSupportedException(
                $"More than {MostSorted} records pass the filter; AnnServer keeps them by key, and sorts no more than that by OrderBy.");
        }
        foreach (TRecord record in Sorted(found, order).Skip(options.Skip).Take(top))
            yield return record;
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(TKey key, CancellationToken cancellationToken = default) =>
        TellAsync("Delete", () => _index.DeleteAsync(StoreKeys.Of(key), cancellationToken));

    /// <inheritdoc/>
    public override async Task DeleteAsync(IEnumerable<TKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (TKey[] part in keys.Chunk(BatchRecords))
        {
            await TellAsync("Delete", () => _index.DeleteAsync(StoreKeys.OfAll([.. part.Cast<object>()]), cancellationToken))
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override Task UpsertAsync(TRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        return UpsertAsync([record], cancellationToken);
    }

    /// <summary>Adds or replaces records, 1,000 at a time; those of one such part become visible together.</summary>
    public override async Task UpsertAsync(IEnumerable<TRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        foreach (TRecord[] part in records.Chunk(BatchRecords))
        {
            ReadOnlyMemory<float>[] vectors = await VectorsOfAsync(part, cancellationToken).ConfigureAwait(false);
            ItemBatch batch = new();
            for (int i = 0; i < part.Length; i++)
                _mapper.Add(batch, part[i], vectors[i]);
            await TellAsync("Upsert", () => _index.UpsertAsync(batch, cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<VectorSearchResult<TRecord>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<TRecord>? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(searchValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        options ??= new VectorSearchOptions<TRecord>();
        _ = _model.Records.GetVectorPropertyOrSingle(options);
        AnnSearchOptions<TRecord>? own = options as AnnSearchOptions<TRecord>;
        ReadOnlyMemory<float>? vector = await QueryOfAsync(searchValue, cancellationToken).ConfigureAwait(false);
        SearchQuery query = new()
        {
            Vectors = vector is { } given ? given : default(QueryVectors),
            Texts = vector is null && searchValue is string text ? [text] : [],
            K = top + options.Skip,
            Filter = options.Filter is { } filter ? new FilterTranslation(_model).Translate(filter) : null,
            MinScore = options.ScoreThreshold is { } threshold ? (float)_model.ToWireScore(threshold) : null,
            Attributes = _mapper.Attributes,
            WithPayloads = WithPayloads,
            EfSearch = own?.EfSearch,
            RecallTarget = own?.RecallTarget,
            Exact = _model.IsFlat || own is { Exact: true },
            ExcludeKeys = own?.ExcludeKeys ?? default,
            ExcludeSets = own?.ExcludeSets ?? [],
            Caps = own?.Caps ?? [],
            Timeout = own?.Timeout,
        };
        IndexClient index = own?.Generation is { } generation ? _client.Index($"{Name}@{generation}") : _index;
        List<VectorSearchResult<TRecord>> results = [];
        using (SearchAnswer answer = await TellAsync("Search", () => index.SearchAsync(query, cancellationToken)).ConfigureAwait(false))
        {
            for (int i = options.Skip; i < answer.Count; i++)
            {
                AnswerHit hit = answer[0][i];
                results.Add(new VectorSearchResult<TRecord>(_mapper.ToRecord(answer, hit), _model.ToScore(hit.Score)));
            }
        }
        if (options.IncludeVectors)
            await AddVectorsAsync(index, results, cancellationToken).ConfigureAwait(false);
        foreach (VectorSearchResult<TRecord> result in results)
            yield return result;
    }

    /// <summary>The metadata of the collection, the index, the client, or the collection itself; else null.</summary>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(VectorStoreCollectionMetadata)
                ? new VectorStoreCollectionMetadata { VectorStoreSystemName = StoreFaults.System, CollectionName = Name }
            : serviceType == typeof(IndexClient) ? _index
            : serviceType == typeof(AnnClient) ? _client
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    private static IEnumerable<TRecord> Sorted(
        List<TRecord> records, IReadOnlyList<FilteredRecordRetrievalOptions<TRecord>.OrderByDefinition.SortInfo> order)
    {
        IOrderedEnumerable<TRecord>? sorted = null;
        foreach (var one in order)
        {
            Func<TRecord, object?> by = one.PropertySelector.Compile(preferInterpretation: true);
            sorted = (sorted, one.Ascending) switch
            {
                (null, true) => records.OrderBy(by),
                (null, false) => records.OrderByDescending(by),
                (_, true) => sorted.ThenBy(by),
                _ => sorted.ThenByDescending(by),
            };
        }
        return sorted ?? (IEnumerable<TRecord>)records;
    }

    private async IAsyncEnumerable<ScrollResponse> ScrollAsync(
        ItemFilter filter, int pageSize, bool withVectors, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using IAsyncEnumerator<ScrollResponse> pages =
            _index.ScrollAsync(filter, _mapper.Attributes, withVectors, WithPayloads, pageSize, cancellation)
                .GetAsyncEnumerator(cancellation);
        while (await TellAsync("Get", () => pages.MoveNextAsync().AsTask()).ConfigureAwait(false))
            yield return pages.Current;
    }

    /// <summary>The vectors of records: those that they hold, or those that are made of them.</summary>
    private async Task<ReadOnlyMemory<float>[]> VectorsOfAsync(TRecord[] records, CancellationToken cancellation)
    {
        ReadOnlyMemory<float>?[] held = [.. records.Select(_mapper.VectorOf)];
        if (held.All(static one => one is not null))
            return [.. held.Select(static one => one!.Value)];
        if (_model.Vector.EmbeddingGenerationDispatcher is null)
        {
            throw new InvalidOperationException(
                $"A record has no vector in '{_model.Vector.ModelName}', and the collection has no generator of embeddings.");
        }
        IReadOnlyList<Embedding> made = await _model.Vector.GenerateEmbeddingsAsync(
            records.Select(record => _model.Vector.GetValueAsObject(record)), cancellation).ConfigureAwait(false);
        return [.. made.Select(static one => ((Embedding<float>)one).Vector)];
    }

    /// <summary>The vector that is searched with; null for a text that the server is to encode.</summary>
    private async Task<ReadOnlyMemory<float>?> QueryOfAsync(object value, CancellationToken cancellation)
    {
        if (RecordMapper<TRecord>.ToVector(value) is { } vector)
            return vector;
        if (_model.Vector.EmbeddingGenerationDispatcher is not null)
        {
            Embedding made = await _model.Vector.GenerateEmbeddingAsync(value, cancellation).ConfigureAwait(false);
            return ((Embedding<float>)made).Vector;
        }
        return value is string ? null : throw new NotSupportedException(
            $"A {value.GetType().Name} is searched for; ReadOnlyMemory<float>, float[], Embedding<float> or a text was expected, or a "
            + "generator of embeddings that takes it.");
    }

    private async Task AddVectorsAsync(IndexClient index, List<VectorSearchResult<TRecord>> results, CancellationToken cancellation)
    {
        foreach (VectorSearchResult<TRecord>[] part in results.Chunk(BatchRecords))
        {
            ItemKeys keys = StoreKeys.OfAll([.. part.Select(result => _mapper.KeyOf(result.Record))]);
            FetchResponse found = await TellAsync(
                "Search", () => index.FetchAsync(keys, withVectors: true, cancellationToken: cancellation)).ConfigureAwait(false);
            int row = 0;
            foreach (VectorSearchResult<TRecord> result in part)
                if (IsAt(found.Found, row, _mapper.KeyOf(result.Record)))
                    _mapper.SetVector(result.Record, found.Vectors, row++);
        }
    }

    /// <summary>Items that are gone since the search are left out of the reply.</summary>
    private static bool IsAt(KeyColumn found, int row, object key) => key is ulong number
        ? row < found.Numbers.Count && found.Numbers[row] == number
        : row < found.Texts.Count && found.Texts[row] == StoreKeys.TextOf(key);

    private Task<T> TellAsync<T>(string operation, Func<Task<T>> call) => StoreFaults.TellAsync(operation, Name, call);
}
