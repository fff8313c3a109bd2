using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Client.Writing;

/// <summary>Sends the blocks of a queue on one stream, and on another when that is lost.</summary>
internal sealed class BlockPump(Ingest.IngestClient client, WriteStart start, BlockQueue queue, WriterOptions options)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromSeconds(30);

    /// <summary>When a stream ended early for the first time since the last acknowledgement; null when none has.</summary>
    private long? _failing;

    /// <summary>Ends when the queue is closed and everything is acknowledged.</summary>
    /// <exception cref="RpcException">The server refused a block, or was away for too long.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield();
        TimeSpan pause = FirstPause;
        while (true)
        {
            bool wasFailing = _failing is not null;
            TimeSpan? asked;
            try
            {
                queue.Rewind();
                await RunStreamAsync(cancellation).ConfigureAwait(false);
                if (queue.IsDone)
                    return;
                throw new RpcException(new Status(
                    StatusCode.Unavailable, "The server ended the stream and had not acknowledged all of its blocks."));
            }
            catch (RpcException e) when (IsPassing(e) && !cancellation.IsCancellationRequested)
            {
                wasFailing &= _failing is not null;
                _failing ??= TimeProvider.System.GetTimestamp();
                if (TimeProvider.System.GetElapsedTime(_failing.Value) > options.Patience)
                    throw;
                asked = CallFault.Of(e).RetryAfter;
                options.Interrupted?.Invoke(e);
            }
            pause = wasFailing ? Min(pause * 2, LongestPause) : FirstPause;
            await Task.Delay(asked > pause ? Min(asked.Value, LongestAsked) : pause, cancellation).ConfigureAwait(false);
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
                bool isMore = queue.Hear(progress);
                if (isMore || queue.IsEmpty)
                    _failing = null;
                if (isMore)
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
