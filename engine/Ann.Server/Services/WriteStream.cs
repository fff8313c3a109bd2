using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>
/// One Write call. One loop reads blocks and hands them to the index; the other waits until they are visible, in order, and tells the
/// client. What was handed over is always finished and told before the call ends, whatever ends it.
/// </summary>
/// <param name="target">Where the blocks go.</param>
/// <param name="creditBytes">Bytes of blocks that may be under way.</param>
/// <param name="time">The clock of the acknowledgements.</param>
internal sealed class WriteStream(WriteTarget target, int creditBytes, TimeProvider time) : IDisposable
{
    /// <summary>Under load, an acknowledgement waits for others this long, or until they free a quarter of the credit.</summary>
    private static readonly TimeSpan TellInterval = TimeSpan.FromMilliseconds(10);

    private readonly Channel<Block> _handedOver =
        Channel.CreateUnbounded<Block>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>After a block that failed, those that the index has already must not be written.</summary>
    private readonly WriteChain _chain = new();

    private readonly SemaphoreSlim _freed = new(0);
    private readonly WriteProgress _progress = new() { CreditBytes = (ulong)creditBytes };
    private long _underWayBytes;
    private ulong _received;
    private ulong _durable;

    /// <summary>A block that the index has, and what its message took.</summary>
    private readonly record struct Block(ulong Sequence, long Bytes, PendingWrite Write);

    /// <summary>Reads blocks until the client closes its side, something is wrong, or <paramref name="reading"/> is cancelled.</summary>
    /// <param name="from">Frames after the start.</param>
    /// <param name="to">The acknowledgements.</param>
    /// <param name="reading">Ends the reading: the caller went away or the server stops. Also cancelled when a write fails.</param>
    /// <param name="call">The caller went away.</param>
    /// <exception cref="AnnException">A bad block, or a write that failed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="reading"/>, after everything received was finished.</exception>
    public async Task RunAsync(
        IAsyncStreamReader<WriteFrame> from, IServerStreamWriter<WriteProgress> to, CancellationTokenSource reading, CancellationToken call)
    {
        Task telling = TellAsync(to, reading);
        ExceptionDispatchInfo? fault = null;
        try
        {
            await ReadAsync(from, reading.Token, call);
        }
        catch (Exception e)
        {
            fault = ExceptionDispatchInfo.Capture(e);
        }
        _handedOver.Writer.Complete();
        await telling; // A write that failed is the reason of whatever came after it.
        fault?.Throw();
    }

    public void Dispose() => _freed.Dispose();

    private async Task ReadAsync(IAsyncStreamReader<WriteFrame> from, CancellationToken reading, CancellationToken call)
    {
        while (await from.MoveNext(reading))
        {
            WriteBlock block = from.Current.Block
                ?? throw AnnException.Invalid("block", "A frame after the first is no block; a stream has one start.");
            if (block.Sequence <= _received)
            {
                throw AnnException.Invalid(
                    "sequence", $"A block has sequence {block.Sequence}; it must be at least {_received + 1}: sequences ascend.");
            }
            long bytes = block.CalculateSize();
            PendingWrite write;
            try
            {
                write = await target.Index.WriteAsync(target.Batch(block, _chain), call);
            }
            catch (AnnException e)
            {
                throw OfBlock(block.Sequence, e);
            }
            Interlocked.Add(ref _underWayBytes, bytes);
            Volatile.Write(ref _received, block.Sequence);
            Block handedOver = new(block.Sequence, bytes, write);
            _ = NoteDurableAsync(handedOver);
            _handedOver.Writer.TryWrite(handedOver); // unbounded: the credit bounds it
            while (Interlocked.Read(ref _underWayBytes) >= creditBytes)
                await _freed.WaitAsync(reading);
        }
    }

    /// <summary>Blocks become durable in their order, so the last one told of stands for all before it.</summary>
    private async Task NoteDurableAsync(Block block)
    {
        await block.Write.Durable.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!block.Write.Durable.IsCompletedSuccessfully)
            return; // its Visible fails too, and is heard
        ulong before = Volatile.Read(ref _durable);
        while (before < block.Sequence)
            before = Interlocked.CompareExchange(ref _durable, block.Sequence, before) is ulong now && now == before ? block.Sequence : now;
    }

    private async Task TellAsync(IServerStreamWriter<WriteProgress> to, CancellationTokenSource reading)
    {
        try
        {
            await to.WriteAsync(Progress()); // grants the credit
            long toldAt = time.GetTimestamp();
            long untoldBytes = 0;
            await foreach (Block block in _handedOver.Reader.ReadAllAsync())
            {
                Count(block, await VisibleAsync(block));
                untoldBytes += block.Bytes;
                // While others are under way, one of them will tell of this block too.
                bool others = _handedOver.Reader.TryPeek(out _);
                if (others && untoldBytes < creditBytes / 4 && time.GetElapsedTime(toldAt) < TellInterval)
                    continue;
                await to.WriteAsync(Progress());
                toldAt = time.GetTimestamp();
                untoldBytes = 0;
            }
            if (untoldBytes > 0)
                await to.WriteAsync(Progress());
        }
        catch
        {
            await reading.CancelAsync();
            throw;
        }
    }

    private static async Task<WriteReceipt> VisibleAsync(Block block)
    {
        try
        {
            return await block.Write.Visible;
        }
        catch (AnnException e)
        {
            throw OfBlock(block.Sequence, e);
        }
    }

    private void Count(Block block, WriteReceipt receipt)
    {
        _progress.Visible = block.Sequence;
        _progress.Applied += (ulong)receipt.Applied;
        _progress.Skipped += (ulong)receipt.Skipped;
        _progress.Retried += receipt.IsRetry ? 1ul : 0;
        _progress.LogPosition = (ulong)receipt.Sequence;
        Interlocked.Add(ref _underWayBytes, -block.Bytes);
        if (_freed.CurrentCount == 0)
            _freed.Release();
    }

    private WriteProgress Progress()
    {
        WriteProgress told = _progress.Clone(); // the call may still be writing the last one
        told.Received = Volatile.Read(ref _received);
        told.Durable = Math.Max(Volatile.Read(ref _durable), told.Visible);
        return told;
    }

    /// <summary>The same error, and which block it is about.</summary>
    private static AnnException OfBlock(ulong sequence, AnnException e) => new(
        e.Error, e.Field is "keys" or "vectors" or "payloads" || e.Field?.StartsWith("attributes", StringComparison.Ordinal) == true
            ? $"Block {sequence}, {e.Field}: {e.Message}" : $"Block {sequence}: {e.Message}", e)
    {
        Field = e.Field,
        Violations = e.Violations,
    };
}
