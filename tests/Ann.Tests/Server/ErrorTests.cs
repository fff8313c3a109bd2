using Ann.Protocol.V1;
using CsCheck;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: each mistake of a caller has its code, and details that a program can act on.</summary>
[Collection(typeof(ServerTests))]
public sealed class ErrorTests(SampleIndexes samples)
{
    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<SearchRequest>, string, string> Mistakes => new()
    {
        { "dimension", r => r.Queries = RunningServer.Bytes([1, 2, 3]), "queries", "Index 'plain' holds vectors of dimension 16; found 3." },
        { "dimension of floats", r => r.Queries = RunningServer.Floats([1, 2, 3]), "queries", "dimension 16; found 3" },
        { "floats without dim", r => r.Queries = new VectorBatch { Values = { new float[32] } }, "queries", "dimension 16; found 32" },
        { "part of a row", r => r.Queries.Data = ByteString.CopyFrom(new byte[65]), "queries", "65 bytes; expected a multiple of 64" },
        { "part of a row of floats", r => r.Queries = new VectorBatch { Dim = 16, Values = { new float[17] } }, "queries", "17 numbers" },
        { "bytes and floats", r => r.Queries.Values.Add(1), "queries", "both" },
        { "no vector", r => r.Queries = new VectorBatch { Dim = 16 }, "queries", "no vector" },
        { "no batch", r => r.Queries = null, "queries", "no vector" },
        { "no dtype", r => r.Queries.Dtype = Dtype.Unspecified, "queries", "dtype" },
        { "unknown dtype", r => r.Queries.Dtype = (Dtype)99, "queries", "dtype is 99" },
        { "dtype beside floats", r => r.Queries = new VectorBatch { Dtype = Dtype.I8, Dim = 1, Values = { 1f } }, "queries", "dtype is I8" },
        { "no dim", r => r.Queries.Dim = 0, "queries", "dim is 0" },
        { "huge dim", r => r.Queries.Dim = uint.MaxValue, "queries", "dimension 16" },
        { "too many rows", r => r.Queries.Data = ByteString.CopyFrom(new byte[64 * 1025]), "queries", "1025 rows; a request takes at most 1024" },
        { "NaN", r => r.Queries = RunningServer.Bytes([float.NaN, .. new float[15]]), "queries", "row 0, component 0 is NaN" },
        { "infinity", r => r.Queries = RunningServer.Floats([.. new float[15], float.NegativeInfinity]), "queries", "-infinity" },
        { "NaN in a later row", r => r.Queries = RunningServer.Bytes(new float[16], [.. new float[15], float.NaN]), "queries", "row 1, component 15 is NaN" },
        { "zero under cosine", r => (r.Index, r.Queries) = ("named", RunningServer.Bytes(new float[16])), "queries", "zero vector" },
        { "k = 0", r => r.K = 0, "k", "k is 0; it must be 1 to 10000" },
        { "k too large", r => r.K = 10_001, "k", "k is 10001" },
        { "k beyond int", r => r.K = uint.MaxValue, "k", "it must be 1 to 10000" },
        { "too many results", r => (r.Queries.Data, r.K) = (ByteString.CopyFrom(new byte[64 * 101]), 10_000), "k", "1010000" },
        { "ef_search < k", r => r.EfSearch = 4, "ef_search", "ef_search is 4; it must be k (5) to 40000" },
        { "ef_search = 0", r => r.EfSearch = 0, "ef_search", "ef_search is 0" },
        { "ef_search too large", r => r.EfSearch = 40_001, "ef_search", "ef_search is 40001" },
        { "empty name", r => r.Index = "", "index", "empty" },
        { "empty name with generation", r => r.Index = "@abc", "index", "empty" },
        { "empty generation", r => r.Index = "plain@", "index", "generation" },
        { "long tag", r => r.RequestTag = new string('é', 129), "request_tag", "258 bytes" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeNamesItsField(string mistake, Action<SearchRequest> spoil, string field, string words)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples);
        spoil(request);

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        BadRequest.Types.FieldViolation violation = Assert.Single(Detail<BadRequest>(e).FieldViolations);
        Assert.Equal(field, violation.Field);
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("ann.v1", Detail<ErrorInfo>(e).Domain);
    }

    [Fact]
    public async Task AnUnknownIndexIsNotFound()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        RpcException e = await Fails(server, r => r.Index = "nothing");

        Assert.Equal(StatusCode.NotFound, e.StatusCode);
        Assert.Contains("'nothing'", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("index", Detail<ResourceInfo>(e).ResourceType);
    }

    [Fact]
    public async Task AnotherGenerationOrEncoderIsAFailedPrecondition()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        RpcException generation = await Fails(server, r => r.Index = "plain@0000000000000000");
        RpcException encoder = await Fails(server, r => (r.Index, r.EncoderFingerprint) = ("named", 1));
        RpcException unknown = await Fails(server, r => r.EncoderFingerprint = SampleIndexes.EncoderFingerprint);

        Assert.All([generation, encoder, unknown], static e => Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode));
        Assert.All([generation, encoder, unknown], static e => Assert.Single(Detail<PreconditionFailure>(e).Violations));
        Assert.Contains("0000000000000000", generation.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("'tower' (0123456789abcdef)", encoder.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("without naming an encoder", unknown.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMessageOf64MiBIsRefusedBeforeItIsRead()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        RpcException e = await Fails(server, r => r.Queries.Data = ByteString.CopyFrom(new byte[64 << 20]));
        SearchResponse next = await server.Retrieval.SearchAsync(RunningServer.Request(samples));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal(5, next.Keys.Numbers.Count);
    }

    [Fact]
    public async Task AnUnexpectedErrorIsInternalLoggedAndTellsNothing()
    {
        BrokenClock clock = new();
        await using RunningServer server = await RunningServer.StartAsync(samples, time: clock);
        clock.Broken = true;

        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(RunningServer.Request(samples), deadline: DateTime.UtcNow.AddMinutes(1)).ResponseAsync);

        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.DoesNotContain(BrokenClock.Secret, e.Status.Detail, StringComparison.Ordinal);
        server.Log.Expect(BrokenClock.Secret);
        clock.Broken = false;
    }

    /// <summary>Whatever a stranger sends, it is answered or refused as the stranger's own fault. Error logs fail the test.</summary>
    [Fact]
    public async Task NoRequestIsAnInternalError()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        Gen<SearchRequest> requests = Gen.Select(
            Gen.OneOf("plain", "named", "nobody", "", "@", "plain@x", "\u0000"),
            Gen.Int[0, 4], Gen.OneOf(Gen.UInt[0, 20], Gen.UInt), Gen.Byte.Array[0, 130], Gen.OneOf(Gen.UInt[0, 12], Gen.UInt),
            Gen.OneOf(Gen.UInt[0, 20], Gen.UInt), Gen.Float.Array[0, 33], static (name, dtype, dim, data, k, ef, values) =>
            {
                SearchRequest request = new() { Index = name, K = k, Queries = new VectorBatch { Dtype = (Dtype)dtype, Dim = dim } };
                if (data.Length % 3 != 0)
                    request.Queries.Data = ByteString.CopyFrom(data);
                else
                    request.Queries.Values.Add(values);
                if (ef % 2 == 0)
                    request.EfSearch = ef;
                return request;
            });

        await requests.SampleAsync(async request =>
        {
            try
            {
                await server.Retrieval.SearchAsync(request);
            }
            catch (RpcException e)
            {
                Assert.True(e.StatusCode is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.FailedPrecondition, e.ToString());
            }
        }, iter: 1_000, threads: 1);
    }

    internal static T Detail<T>(RpcException e) where T : class, IMessage<T>, new() =>
        e.GetRpcStatus()?.GetDetail<T>() ?? throw new Xunit.Sdk.XunitException($"{e.Status} carries no {typeof(T).Name}");

    private async Task<RpcException> Fails(RunningServer server, Action<SearchRequest> spoil)
    {
        SearchRequest request = RunningServer.Request(samples);
        spoil(request);
        return await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);
    }

    private sealed class BrokenClock : TimeProvider
    {
        public const string Secret = "the password is 12345";

        public volatile bool Broken;

        public override DateTimeOffset GetUtcNow() => Broken ? throw new InvalidOperationException(Secret) : base.GetUtcNow();
    }
}
