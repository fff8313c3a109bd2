using System.IO.Pipelines;
using Ann.Server.Admission;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ann.Tests.Server;

/// <summary>Goal: a caller who is gone before his reply was written out is no failure of the server's.</summary>
public sealed class ReplyDrainTests
{
    [Fact]
    public async Task AReplyWhoseCallerIsGoneIsLetGo()
    {
        DefaultHttpContext context = new();
        Lifetime lifetime = new();
        context.Features.Set<IHttpResponseBodyFeature>(new Body());
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);

        await ReplyDrain.WaitAsync(context, ReplyDrain.Unwatched, TimeSpan.FromSeconds(60));

        Assert.True(lifetime.IsAborted);
    }

    private sealed class Body() : StreamResponseBodyFeature(Stream.Null), IHttpResponseBodyFeature
    {
        PipeWriter IHttpResponseBodyFeature.Writer { get; } = new ResetWriter();
    }

    /// <summary>As the transport's is when a call was reset.</summary>
    private sealed class ResetWriter : PipeWriter
    {
        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("Writing is not allowed after writer was completed.");

        public override void Advance(int bytes) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

        public override void CancelPendingFlush() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
