using System.Net;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;

namespace Ann.Client.Connecting;

/// <summary>The channels of one client. Calls take them in turn.</summary>
internal sealed class ServerChannels : CallInvoker, IDisposable
{
    private readonly GrpcChannel[] _channels;
    private readonly CallInvoker[] _invokers;
    private uint _next;

    /// <param name="options">Checked already.</param>
    public ServerChannels(AnnClientOptions options)
    {
        Resolvers? resolvers = ServerAddresses.ListOf(options.Address) is { } servers ? new Resolvers(servers) : null;
        _channels = new GrpcChannel[options.Connections];
        _invokers = new CallInvoker[options.Connections];
        for (int i = 0; i < _channels.Length; i++)
        {
            _channels[i] = Open(options, resolvers);
            _invokers[i] = _channels[i].CreateCallInvoker();
            if (options.Interceptors.Count > 0)
                _invokers[i] = _invokers[i].Intercept([.. options.Interceptors]);
        }
    }

    /// <summary>One of them: the next one.</summary>
    private CallInvoker Next => _invokers.Length == 1 ? _invokers[0] : _invokers[Interlocked.Increment(ref _next) % (uint)_invokers.Length];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
    }

    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Next.BlockingUnaryCall(method, host, options, request);

    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Next.AsyncUnaryCall(method, host, options, request);

    /// <inheritdoc/>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Next.AsyncServerStreamingCall(method, host, options, request);

    /// <inheritdoc/>
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Next.AsyncClientStreamingCall(method, host, options);

    /// <inheritdoc/>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Next.AsyncDuplexStreamingCall(method, host, options);

    private static GrpcChannel Open(AnnClientOptions options, IServiceProvider? resolvers)
    {
        string? socket = ServerAddresses.SocketOf(options.Address);
        bool isEncrypted = ServerAddresses.IsEncrypted(options.Address, options.UseTls);
        GrpcChannelOptions channel = new()
        {
            MaxReceiveMessageSize = options.MaxReplyBytes,
            HttpHandler = ServerHandler.Of(options),
            DisposeHttpClient = true,
            ServiceProvider = resolvers,
            ServiceConfig = CallPolicies.Of(options),
            Credentials = !ServerAddresses.IsBalanced(options.Address) ? null
                : isEncrypted ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
        };
        options.ConfigureChannel?.Invoke(channel);
        return GrpcChannel.ForAddress(AddressOf(options.Address, socket), channel);
    }

    private static string AddressOf(string address, string? socket) =>
        socket is not null ? "http://localhost"
        : ServerAddresses.ListOf(address) is not null ? "static:///servers"
        : address;

    /// <summary>What gRPC asks for the resolver of a list. It has no other way to be told of one.</summary>
    private sealed class Resolvers(DnsEndPoint[] servers) : IServiceProvider
    {
        private readonly ResolverFactory[] _factories =
            [new StaticResolverFactory(_ => servers.Select(static one => new BalancerAddress(one.Host, one.Port)))];

        public object? GetService(Type serviceType) => serviceType == typeof(IEnumerable<ResolverFactory>) ? _factories : null;
    }
}
