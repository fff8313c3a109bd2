using Microsoft.AspNetCore.Connections.Features;

namespace Ann.Server.Admission;

/// <summary>
/// Waits until a reply was written out, as far as a caller that does not read keeps the server from it. HTTP/2 lets a caller hold back each
/// answer, and the transport ends a call when its answer lies in memory.
/// </summary>
/// <remarks>
/// Waiting costs a small reply a write of its own. So those of a connection are let go until they come to <see cref="Unwatched"/> bytes;
/// then one waits, and while it does all others do.
/// </remarks>
internal static class ReplyDrain
{
    /// <summary>Bytes of replies of a connection that nobody waits for.</summary>
    public const long Unwatched = 256 << 10;

    private static readonly object Key = new();

    /// <summary>Bytes of the replies of a connection since one was seen to be written out.</summary>
    private sealed class Meter
    {
        public long Bytes;
    }

    /// <summary>Gives a connection its meter.</summary>
    public static void Begin(IDictionary<object, object?> connection) => connection[Key] = new Meter();

    /// <summary>Waits, if it has to.</summary>
    /// <param name="context">The call.</param>
    /// <param name="bytes">That its reply takes.</param>
    /// <param name="limit">How long; then the call is cut off.</param>
    public static ValueTask WaitAsync(HttpContext context, long bytes, TimeSpan limit)
    {
        object? found = null;
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out found);
        Meter? meter = found as Meter;
        return meter is not null && Interlocked.Add(ref meter.Bytes, bytes) < Unwatched
            ? ValueTask.CompletedTask
            : WaitAsync(context, meter, limit);
    }

    private static async ValueTask WaitAsync(HttpContext context, Meter? meter, TimeSpan limit)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        late.CancelAfter(limit);
        try
        {
            await context.Response.BodyWriter.FlushAsync(late.Token);
            if (meter is not null)
                Interlocked.Exchange(ref meter.Bytes, 0);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
        {
            context.Abort(); // he is too slow, or is gone: the transport's writer says so in several ways
        }
    }
}
