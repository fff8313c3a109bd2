using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Client.Writing;

/// <summary>Sends the blocks of a queue on one stream, and on another when that is lost.</summary>
internal sealed class BlockPump(Ingest.IngestClient client, WriteStart start, BlockQueue queue, WriterOptions options)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _heard = TimeProvider.System.GetTimestamp();

    /// <summary>Ends when the queue is closed and everything is acknowledged.</summary>
    /// <exception cref="RpcException">The server refused a block, or was away for too long.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield();
        TimeSpan pause = FirstPause;
        while (true)
        {
            long heard = _heard;
            try
            {
                queue.Rewind();
                await RunStreamAsync(cancellation).ConfigureAwait(false);
                if (queue.IsDone)
                    return;
            }
            catch (RpcException e) when (IsPassing(e) && !cancellation.IsCancellationRequested)
            {
                if (TimeProvider.System.GetElapsedTime(_heard) > options.Patience)
                    throw;
            }
            pause = _heard == heard ? Min(pause * 2, LongestPause) : FirstPause;
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>The server is away, is starting or has no room, or the connection broke.</summary>
    private static bool IsPassing(RpcException failure) => failure.StatusCode switch
    {
        StatusCode.Unavailable => true,
        StatusCode.ResourceExhausted => CallFault.Of(failure).RetryAfter is not null,
        StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled => failure.Status.DebugException is not null,
        _ => false,
    };

    private async Task RunStreamAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource stream = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = client.Write(cancellationToken: stream.Token);
        Task sending = SendAsync(call.RequestStream, stream.Token);
        try
        {
            await foreach (WriteProgress progress in call.ResponseStream.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (!queue.Hear(progress) && progress.Visible > 0)
                    continue;
                _heard = TimeProvider.System.GetTimestamp();
                options.Progress?.Invoke(queue.Report);
            }
        }
        finally
        {
            // The answers tell why a stream ended; what the sending half says of that is the same with less.
            await stream.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(IClientStreamWriter<WriteFrame> stream, CancellationToken cancellation)
    {
        await stream.WriteAsync(new WriteFrame { Start = start }, cancellation).ConfigureAwait(false);
        while (await queue.NextAsync(cancellation).ConfigureAwait(false) is { } block)
            await stream.WriteAsync(new WriteFrame { Block = block }, cancellation).ConfigureAwait(false);
        await stream.CompleteAsync().ConfigureAwait(false);
    }
}
