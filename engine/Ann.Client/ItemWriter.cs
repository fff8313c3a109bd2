using Ann.Client.Writing;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Client;

/// <summary>
/// A stream of writes into one index, which outlives the server's restarts: what is not acknowledged is kept, and sent again on the next
/// stream. Each block is written once, whatever happens between: producer and sequence tell the server which it has. Keeps to the credit
/// that the server grants. Not safe for several threads at once.
/// </summary>
public sealed class ItemWriter : IAsyncDisposable
{
    private readonly BlockQueue _queue;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _pump;
    private readonly bool _updates;

    internal ItemWriter(Ingest.IngestClient client, string index, WriterOptions options)
    {
        Producer = options.Producer ?? $"ann-client-{Guid.NewGuid():N}";
        _updates = options.Mode == WriteMode.Update;
        _queue = new BlockQueue(options.FirstSequence, options.BufferBytes);
        WriteStart start = new() { Index = index, Mode = options.Mode, Producer = Producer };
        if (options.EncoderFingerprint is { } fingerprint)
            start.EncoderFingerprint = fingerprint;
        _pump = new BlockPump(client, start, _queue, options).RunAsync(_ended.Token);
    }

    /// <summary>The name that the server knows this writer by.</summary>
    public string Producer { get; }

    /// <summary>How far it is.</summary>
    public WriteReport Report => _queue.Report;

    /// <summary>
    /// Hands a block over. Waits while <see cref="WriterOptions.BufferBytes"/> are not acknowledged; it does not wait for the
    /// acknowledgement.
    /// </summary>
    /// <param name="items">1 to 65,536. The batch is empty afterwards.</param>
    /// <param name="cancellationToken">Ends the waiting; the block is not taken then.</param>
    /// <exception cref="RpcException">The server refused a block, or could not be reached for too long. The writer has ended.</exception>
    public async Task WriteAsync(ItemBatch items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count > 0)
            await AddAsync(_updates ? items.TakeUpdate() : items.Take(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Hands a block over as the protocol has it. Its sequence is kept where it has one: such as the place in the source up to which it
    /// goes, so that a producer with a name that begins again from the start goes on where it was.
    /// </summary>
    /// <param name="block">Not to be changed any more. Its sequence is above that of the block before, or 0 for the next number.</param>
    /// <param name="cancellationToken">Ends the waiting; the block is not taken then.</param>
    /// <exception cref="ArgumentException">The sequence is not above the one before.</exception>
    /// <exception cref="RpcException">As of <see cref="WriteAsync(ItemBatch, CancellationToken)"/>.</exception>
    public Task WriteAsync(WriteBlock block, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(block);
        return AddAsync(block, cancellationToken);
    }

    /// <summary>Takes items away, by a writer whose mode is <see cref="WriteMode.Delete"/>.</summary>
    /// <param name="keys">1 to 65,536.</param>
    /// <param name="cancellationToken">Ends the waiting; the block is not taken then.</param>
    /// <exception cref="RpcException">As of <see cref="WriteAsync(ItemBatch, CancellationToken)"/>.</exception>
    public Task DeleteAsync(ItemKeys keys, CancellationToken cancellationToken = default) =>
        keys.Count == 0 ? Task.CompletedTask : AddAsync(new WriteBlock { Keys = keys.ToWire() }, cancellationToken);

    /// <summary>Waits until everything that was handed over is on disk and visible, and closes the stream.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="RpcException">As of <see cref="WriteAsync(ItemBatch, CancellationToken)"/>.</exception>
    public async Task<WriteReport> CompleteAsync(CancellationToken cancellationToken = default)
    {
        _queue.Close();
        await _pump.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Report;
    }

    /// <summary>Ends the stream where it is: what is not acknowledged may be written, or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
        _queue.Dispose();
    }

    /// <summary>Ends with the pump's failure where that comes first.</summary>
    private async Task AddAsync(WriteBlock block, CancellationToken cancellation)
    {
        if (_pump.IsFaulted)
            await _pump.ConfigureAwait(false);
        Task added = _queue.AddAsync(block, cancellation);
        if (await Task.WhenAny(added, _pump).ConfigureAwait(false) == _pump)
            await _pump.ConfigureAwait(false);
        await added.ConfigureAwait(false);
    }
}
