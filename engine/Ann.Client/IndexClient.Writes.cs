using Ann.Protocol.V1;

namespace Ann.Client;

/// <content>Writes.</content>
public sealed partial class IndexClient
{
    private const int BlockItems = 4096;
    private const int BlockBytes = 512 << 10;

    /// <summary>Adds or replaces items, all of them together. Ends when they are on disk and visible to the next search.</summary>
    /// <param name="items">1 to 65,536. The batch is empty afterwards.</param>
    /// <param name="insertOnly">True to leave those that exist as they are.</param>
    /// <param name="cancellationToken">Ends the waiting; the items may be written all the same.</param>
    /// <exception cref="Grpc.Core.RpcException">As the protocol says of Upsert.</exception>
    public Task<UpsertResponse> UpsertAsync(ItemBatch items, bool insertOnly = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        UpsertRequest request = items.TakeRequest(Name);
        if (insertOnly)
            request.Mode = WriteMode.InsertOnly;
        return _client.WriteAsync("Upsert", Name, options => _client.Ingest.UpsertAsync(request, options), cancellationToken);
    }

    /// <summary>
    /// Changes attributes and payloads of items that exist, and leaves their vectors, all of them together: every search sees all of it or
    /// nothing. Items that do not exist are no error. Ends when it is on disk and visible to the next search.
    /// </summary>
    /// <param name="items">
    /// 1 to 65,536, without vectors. Each sets, or clears, the same attributes, which change; the others stay. Payloads change where each
    /// item sets one. The batch is empty afterwards.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting; the items may be changed all the same.</param>
    /// <exception cref="ArgumentException">Not all items change the same, or they have vectors.</exception>
    public Task<UpdateResponse> UpdateAsync(ItemBatch items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        UpdateRequest request = items.TakeUpdate(Name);
        return _client.WriteAsync("Update", Name, options => _client.Ingest.UpdateAsync(request, options), cancellationToken);
    }

    /// <summary>Removes items, all of them together. Items that do not exist are no error.</summary>
    /// <param name="keys">1 to 65,536.</param>
    /// <param name="cancellationToken">Ends the waiting; they may be removed all the same.</param>
    public Task<DeleteResponse> DeleteAsync(ItemKeys keys, CancellationToken cancellationToken = default)
    {
        DeleteRequest request = new() { Index = Name, Keys = keys.ToWire() };
        return _client.WriteAsync("Delete", Name, options => _client.Ingest.DeleteAsync(request, options), cancellationToken);
    }

    /// <summary>Adds keys to a named set, which searches exclude by name: what a user has seen.</summary>
    /// <param name="set">Its name, 1 to 256 bytes of UTF-8. Made when it does not exist.</param>
    /// <param name="keys">1 to 100,000. They need not be items.</param>
    /// <param name="timeToLive">When the set is forgotten unless it is appended to again, up to a year. Null: as it is.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Keys in the set now.</returns>
    public async Task<ulong> AppendToSetAsync(
        string set, ItemKeys keys, TimeSpan? timeToLive = null, CancellationToken cancellationToken = default)
    {
        AppendToSetRequest request = new() { Index = Name, Set = set, Keys = keys.ToWire() };
        if (timeToLive is { } time)
            request.TtlS = (uint)Math.Clamp(time.TotalSeconds, 0, uint.MaxValue);
        return (await _client.WriteAsync(
            "AppendToSet", Name, options => _client.Ingest.AppendToSetAsync(request, options), cancellationToken).ConfigureAwait(false))
            .Size;
    }

    /// <summary>Removes a named set. One that does not exist is no error.</summary>
    /// <param name="set">Its name.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Keys that were in it.</returns>
    public async Task<ulong> DropSetAsync(string set, CancellationToken cancellationToken = default)
    {
        DropSetRequest request = new() { Index = Name, Set = set };
        return (await _client.WriteAsync("DropSet", Name, options => _client.Ingest.DropSetAsync(request, options), cancellationToken)
            .ConfigureAwait(false)).Size;
    }

    /// <summary>Opens a stream of writes, which outlives the server's restarts.</summary>
    /// <param name="options">Null: the defaults.</param>
    /// <returns>The writer, to be disposed.</returns>
    public ItemWriter OpenWriter(WriterOptions? options = null) => new(_client.Ingest, Name, options ?? new WriterOptions());

    /// <summary>Writes any number of items, each of them once, whatever the server's restarts between.</summary>
    /// <param name="items">The items.</param>
    /// <param name="add">Adds one of them to a batch.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Ends the writing where it is.</param>
    /// <returns>What was written, when all of it is on disk and visible.</returns>
    /// <exception cref="Grpc.Core.RpcException">The server refused a block, or could not be reached for too long.</exception>
    public async Task<WriteReport> WriteAsync<T>(
        IAsyncEnumerable<T> items, Action<ItemBatch, T> add, WriterOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(add);
        ItemWriter writer = OpenWriter(options);
        await using (writer.ConfigureAwait(false))
        {
            ItemBatch batch = new();
            await foreach (T item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                add(batch, item);
                if (batch.Count >= BlockItems || batch.SizeInBytes >= BlockBytes)
                    await writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            }
            await writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            return await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
