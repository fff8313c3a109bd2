using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Web;

/// <summary>
/// Gives a REST call the deadline that its header <c>X-Server-Timeout</c> tells, in seconds, as Google's own APIs take it: transcoding
/// knows none. Calls of gRPC go by untouched.
/// </summary>
internal sealed class RestDeadline(TimeProvider time) : Interceptor
{
    /// <summary>Seconds, such as 0.05.</summary>
    public const string Header = "X-Server-Timeout";

    private const double LongestSeconds = 3600;

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        HttpContext http = context.GetHttpContext();
        if (!WebConnection.Is(http) || http.Request.Headers[Header].ToString() is not { Length: > 0 } text)
            return await continuation(request, context);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            || seconds is not (> 0 and <= LongestSeconds))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"{Header} is '{text}'; it must be seconds, above 0 and at most {LongestSeconds}."));
        }
        TimeSpan left = TimeSpan.FromSeconds(seconds);
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        ends.CancelAfter(left);
        return await continuation(request, new TimedCall(context, time.GetUtcNow().UtcDateTime + left, ends.Token));
    }

    /// <summary>A call with another deadline.</summary>
    private sealed class TimedCall(ServerCallContext call, DateTime deadline, CancellationToken cancellation) : ServerCallContext
    {
        protected override string MethodCore => call.Method;

        protected override string HostCore => call.Host;

        protected override string PeerCore => call.Peer;

        protected override DateTime DeadlineCore => deadline;

        protected override Metadata RequestHeadersCore => call.RequestHeaders;

        protected override CancellationToken CancellationTokenCore => cancellation;

        protected override Metadata ResponseTrailersCore => call.ResponseTrailers;

        protected override Status StatusCore
        {
            get => call.Status;
            set => call.Status = value;
        }

        protected override WriteOptions? WriteOptionsCore
        {
            get => call.WriteOptions;
            set => call.WriteOptions = value;
        }

        protected override AuthContext AuthContextCore => call.AuthContext;

        protected override IDictionary<object, object> UserStateCore => call.UserState;

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
            call.CreatePropagationToken(options);

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => call.WriteResponseHeadersAsync(responseHeaders);
    }
}
