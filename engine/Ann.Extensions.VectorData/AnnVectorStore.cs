using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Ann.Client;
using Ann.Protocol.V1;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Ann.Extensions.VectorData;

/// <summary>
/// A server as a vector store: each collection is a live index. The client stays its owner's. <see cref="GetService"/> gives the client
/// itself, for what the abstraction has no word for.
/// </summary>
public sealed class AnnVectorStore : VectorStore
{
    private readonly AnnClient _client;
    private readonly IEmbeddingGenerator? _generator;
    private readonly JsonSerializerOptions _serializer;

    /// <param name="client">Of the server; not disposed by the store.</param>
    /// <param name="embeddingGenerator">
    /// Makes vectors of what is not one, where a collection has none of its own. Null: texts that are searched for are encoded by the
    /// server, where the index has an encoder.
    /// </param>
    /// <param name="serializer">
    /// Writes the data properties that are not indexed, as JSON. Null: the defaults of Microsoft.Extensions.AI, which know the common types
    /// without reflection, and take it for others where it is there.
    /// </param>
    public AnnVectorStore(AnnClient client, IEmbeddingGenerator? embeddingGenerator = null, JsonSerializerOptions? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _generator = embeddingGenerator;
        _serializer = serializer ?? AIJsonUtilities.DefaultOptions;
    }

    /// <inheritdoc/>
    [RequiresUnreferencedCode("Maps records by reflection; GetDynamicCollection does without.")]
    [RequiresDynamicCode("Maps records by reflection; GetDynamicCollection does without.")]
    public override VectorStoreCollection<TKey, TRecord> GetCollection<TKey, TRecord>(
        string name, VectorStoreCollectionDefinition? definition = null) =>
        new AnnCollection<TKey, TRecord>(
            _client, name, RecordModel.Of(typeof(TRecord), typeof(TKey), definition, _generator, _serializer));

    /// <inheritdoc/>
    public override VectorStoreCollection<object, Dictionary<string, object?>> GetDynamicCollection(
        string name, VectorStoreCollectionDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return new AnnCollection<object, Dictionary<string, object?>>(
            _client, name, RecordModel.OfDynamic(definition, _generator, _serializer));
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<string> ListCollectionNamesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<IndexDescription> indexes = await StoreFaults.TellAsync(
            "ListCollectionNames", null, () => _client.ListIndexesAsync(cancellationToken)).ConfigureAwait(false);
        foreach (IndexDescription index in indexes)
            yield return index.Name;
    }

    /// <inheritdoc/>
    public override Task<bool> CollectionExistsAsync(string name, CancellationToken cancellationToken = default) =>
        StoreFaults.TellAsync("CollectionExists", name, () => CollectionCalls.ExistsAsync(_client, name, cancellationToken));

    /// <inheritdoc/>
    public override Task EnsureCollectionDeletedAsync(string name, CancellationToken cancellationToken = default) =>
        StoreFaults.TellAsync("EnsureCollectionDeleted", name, () => CollectionCalls.DropAsync(_client, name, cancellationToken));

    /// <summary>The metadata of the store, its client, or the store itself; else null.</summary>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(VectorStoreMetadata) ? new VectorStoreMetadata { VectorStoreSystemName = StoreFaults.System }
            : serviceType == typeof(AnnClient) ? _client
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }
}
