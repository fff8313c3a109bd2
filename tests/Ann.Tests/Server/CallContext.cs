using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Ann.Tests.Server;

/// <summary>A call without a network: its deadline and its cancellation are what a test says.</summary>
internal sealed class CallContext : ServerCallContext
{
    /// <summary>A call without a network has a response all the same, which ends with nothing.</summary>
    public CallContext() => UserState["__HttpContext"] = new DefaultHttpContext();

    public DateTime At { get; init; } = DateTime.MaxValue;

    public CancellationToken Token { get; init; }

    protected override DateTime DeadlineCore => At;

    protected override CancellationToken CancellationTokenCore => Token;

    protected override string MethodCore => throw new NotSupportedException();

    protected override string HostCore => throw new NotSupportedException();

    protected override string PeerCore => throw new NotSupportedException();

    protected override Metadata RequestHeadersCore => throw new NotSupportedException();

    protected override Metadata ResponseTrailersCore => throw new NotSupportedException();

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => throw new NotSupportedException();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => throw new NotSupportedException();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException();
}
