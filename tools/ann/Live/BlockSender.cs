using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Grpc.Core;

namespace Ann.Tool.Live;

/// <summary>The client's side of a Write stream: sends blocks within the credit, and hears of those that are visible.</summary>
internal sealed class BlockSender : IDisposable
{
    private readonly ServerConnection _server;
    private readonly CancellationToken _cancellation;
    private readonly AsyncDuplexStreamingCall<WriteFrame, WriteProgress> _call;
    private readonly Queue<(ulong Sequence, long Bytes)> _underWay = [];
    private readonly SemaphoreSlim _changed = new(0);
    private readonly Lock _lock = new();
    private readonly Action<WriteProgress> _heard;
    private Task _listening = Task.CompletedTask;
    private long _underWayBytes;
    private long _credit;

    private BlockSender(ServerConnection server, Action<WriteProgress> heard, CancellationToken cancellation)
    {
        _server = server;
        _heard = heard;
        _cancellation = cancellation;
        _call = server.Write(cancellation);
    }

    /// <summary>The last progress heard.</summary>
    public WriteProgress Progress { get; private set; } = new();

    /// <summary>Opens the stream, and waits for its credit.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="start">Index, mode, encoder, producer.</param>
    /// <param name="heard">Told of every progress.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="AnnException">The server refused it; names the server.</exception>
    public static async Task<BlockSender> OpenAsync(
        ServerConnection server, WriteStart start, Action<WriteProgress> heard, CancellationToken cancellation)
    {
        BlockSender sender = new(server, heard, cancellation);
        try
        {
            await sender.SendAsync(new WriteFrame { Start = start });
            sender._listening = sender.ListenAsync();
            await sender.UntilRoomAsync(0);
            return sender;
        }
        catch
        {
            sender.Dispose();
            throw;
        }
    }

    /// <summary>Sends a block when the credit has room for it.</summary>
    /// <exception cref="AnnException">The server ended the stream; names the server and its reason.</exception>
    public async Task SendAsync(WriteBlock block)
    {
        long bytes = block.CalculateSize();
        await UntilRoomAsync(bytes);
        lock (_lock)
        {
            _underWay.Enqueue((block.Sequence, bytes));
            _underWayBytes += bytes;
        }
        await SendAsync(new WriteFrame { Block = block });
    }

    /// <summary>Closes the stream. Ends when everything sent is on disk and visible.</summary>
    /// <exception cref="AnnException">The server ended the stream; names the server and its reason.</exception>
    public async Task CompleteAsync()
    {
        try
        {
            await _call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The server ended the call before us; the listener has its reason.
        }
        await _listening;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _call.Dispose();
        _changed.Dispose();
    }

    private async Task UntilRoomAsync(long bytes)
    {
        while (true)
        {
            if (_listening.IsCompleted)
                await Ended();
            lock (_lock)
                if (_credit > 0 && (_underWay.Count == 0 || _underWayBytes + bytes <= _credit))
                    return;
            await _changed.WaitAsync(_cancellation);
        }
    }

    private async Task SendAsync(WriteFrame frame)
    {
        try
        {
            await _call.RequestStream.WriteAsync(frame, _cancellation);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            if (_listening == Task.CompletedTask)
                _listening = ListenAsync();
            await Ended();
        }
    }

    /// <summary>The reason why the stream has ended too early.</summary>
    private async Task Ended()
    {
        await _listening;
        throw new AnnException(AnnError.Unavailable, $"{_server.Address}: the server ended the stream without a reason.");
    }

    private async Task ListenAsync()
    {
        try
        {
            await foreach (WriteProgress progress in _call.ResponseStream.ReadAllAsync(_cancellation))
                Hear(progress);
        }
        catch (RpcException e)
        {
            throw _server.Named(e, _cancellation);
        }
        finally
        {
            _changed.Release();
        }
    }

    private void Hear(WriteProgress progress)
    {
        lock (_lock)
        {
            Progress = progress;
            _credit = (long)progress.CreditBytes;
            while (_underWay.TryPeek(out (ulong Sequence, long Bytes) first) && first.Sequence <= progress.Visible)
            {
                _underWayBytes -= first.Bytes;
                _underWay.Dequeue();
            }
        }
        _heard(progress);
        _changed.Release();
    }
}
