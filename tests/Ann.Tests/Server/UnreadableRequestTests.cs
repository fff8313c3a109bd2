using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: bytes that are no request are the caller's mistake, in every kind of call. Nothing is logged: a stranger must not fill the log.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class UnreadableRequestTests(ShopServer shop) : IClassFixture<ShopServer>
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    /// <summary>Calls of every service.</summary>
    public static TheoryData<string, string> Calls => new()
    {
        { "ann.v1.Retrieval", "Search" },
        { "ann.v1.Retrieval", "Recommend" },
        { "ann.v1.Retrieval", "Embed" },
        { "ann.v1.Ingest", "Upsert" },
        { "ann.v1.Indexes", "Describe" },
        { "grpc.health.v1.Health", "Check" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task AUnaryCallIsRefused(string service, string method)
    {
        foreach (byte[] message in new byte[][] { [0x0A, 0x7F, 0x01], [0x0B], [0x00] }) // cut; a group without an end; field 0
        {
            Method<byte[], byte[]> call = new(MethodType.Unary, service, method, Bytes, Bytes);
            RpcException e = await LiveCalls.Fails(shop.Server.Channel.CreateCallInvoker().AsyncUnaryCall(call, null, default, message));

            Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{method}: {e}");
            Assert.Contains("Request that can be read", e.Status.Detail, StringComparison.Ordinal);
            Assert.Equal("INVALID_ARGUMENT", ErrorTests.Detail<ErrorInfo>(e).Reason);
        }
    }

    /// <summary>The next call on the same connection is answered after the server has heard of those.</summary>
    [Theory]
    [InlineData("ann.v1.Retrieval/Search")]
    [InlineData("ann.v1.Ingest/Upsert")]
    [InlineData("ann.v1.Ingest/Write")]
    [InlineData("grpc.health.v1.Health/Check")]
    public async Task ABodyThatIsResetIsNoFailureOfTheServers(string method)
    {
        using RawCalls raw = new(shop.Server.Host.Address);
        for (int i = 0; i < 30; i++)
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(
                () => raw.SendAsync(method, new RawCalls.Reset(RawCalls.Frame([1, 2, 3], 100))));
        }

        (string status, string _) = await RawCalls.StatusOf(await raw.SendAsync("ann.v1.Retrieval/Search", ShopServer.Request()));

        Assert.Equal("0", status); // and what the log has beside, the fixture looks at
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AStreamIsRefused(int framesBefore)
    {
        Method<byte[], byte[]> write = new(MethodType.DuplexStreaming, "ann.v1.Ingest", "Write", Bytes, Bytes);
        using AsyncDuplexStreamingCall<byte[], byte[]> call =
            shop.Server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(write, null, default);
        for (int i = 0; i < framesBefore; i++)
            await call.RequestStream.WriteAsync(LiveCalls.Start().ToByteArray());
        await call.RequestStream.WriteAsync([0x0A, 0x7F, 0x01]);

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // The credit, where the stream has begun.
            }
        });

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, e.ToString());
        Assert.Contains("no WriteFrame that can be read", e.Status.Detail, StringComparison.Ordinal);
    }
}
