using System.Runtime.InteropServices;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: texts become the vectors that the encoder itself makes, and say whose they are.</summary>
[Collection(typeof(ServerTests))]
public sealed class EmbedTests(SampleIndexes samples)
{
    [Fact]
    public async Task TextsBecomeRowsWithAFingerprint()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, WithEncoder());

        EmbedResponse response = await server.Retrieval.EmbedAsync(
            new EmbedRequest { Encoder = "default", Texts = { "wireless mouse", "wireles mouse", "garden hose" } });

        Assert.Equal("default", response.Encoder);
        Assert.NotEqual(0ul, response.EncoderFingerprint);
        Assert.Equal(Dtype.F32, response.Vectors.Dtype);
        ReadOnlySpan<float> rows = MemoryMarshal.Cast<byte, float>(response.Vectors.Data.Span);
        int dimension = (int)response.Vectors.Dim;
        Assert.Equal(3 * dimension, rows.Length);
        Assert.True(
            Dot(rows[..dimension], rows[dimension..(2 * dimension)]) > Dot(rows[..dimension], rows[(2 * dimension)..]),
            "a misspelling is nearer than something else");
    }

    [Fact]
    public async Task MistakesHaveTheirCodes()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, WithEncoder());

        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Encoder = "default" }));
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Texts = { "x" } }));
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Index = "", Texts = { "x" } }));
        Assert.Equal(
            StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Encoder = "default", Texts = { Enumerable.Repeat("x", 1025) } }));
        Assert.Equal(StatusCode.NotFound, await Code(server, new EmbedRequest { Encoder = "nobody", Texts = { "x" } }));
        Assert.Equal(StatusCode.NotFound, await Code(server, new EmbedRequest { Index = "nothing", Texts = { "x" } }));
        Assert.Equal(StatusCode.FailedPrecondition, await Code(server, new EmbedRequest { Index = "plain", Texts = { "x" } }));
        Assert.Equal(StatusCode.FailedPrecondition, await Code(server, new EmbedRequest { Index = "named", Texts = { "x" } }));
    }

    private Action<Ann.Server.ServerOptions> WithEncoder() => options =>
    {
        options.EmbeddedEncoder = true;
        options.EncoderCacheDirectory = samples.NewDirectory();
    };

    private static async Task<StatusCode> Code(RunningServer server, EmbedRequest request) =>
        (await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.EmbedAsync(request).ResponseAsync)).StatusCode;

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
