using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: rows and queries may come from two encoders, and neither is taken for the other.</summary>
[Collection(typeof(ServerTests))]
public sealed class QueryEncoderTests(SampleIndexes samples)
{
    private const ulong Rows = 0x0a0a, Queries = 0x0b0b;
    private static readonly ulong[] Keys = [.. Enumerable.Range(1, 40).Select(static i => (ulong)i)];

    [Fact]
    public async Task QueriesAreCheckedAgainstTheEncoderOfQueriesAndWritesAgainstThatOfRows()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        IndexDescription made = await LiveCalls.CreateAsync(server, change: static create =>
        {
            (create.EncoderFingerprint, create.EncoderName) = (Rows, "items");
            (create.QueryEncoderFingerprint, create.QueryEncoderName) = (Queries, "users");
        });

        await server.Ingest.UpsertAsync(Written(Rows));
        RpcException write = await LiveCalls.Fails(server.Ingest.UpsertAsync(Written(Queries)));
        SearchResponse found = await server.Retrieval.SearchAsync(Asked(Queries));
        RpcException search = await LiveCalls.Fails(server.Retrieval.SearchAsync(Asked(Rows)));

        Assert.Equal(("items", Rows), (made.Encoder.Name, made.Encoder.Fingerprint));
        Assert.Equal(("users", Queries), (made.QueryEncoder.Name, made.QueryEncoder.Fingerprint));
        Assert.Equal(("users", Queries), (made.Generations[0].QueryEncoder.Name, made.Generations[0].QueryEncoder.Fingerprint));
        Assert.Equal(1ul, found.Keys.Numbers[0]);
        Assert.Equal(StatusCode.FailedPrecondition, write.StatusCode);
        Require(write, $"{Rows:x16}", $"{Queries:x16}", made.Generation);
        Require(search, $"{Rows:x16}", $"{Queries:x16}", made.Generation);
        Assert.Equal("encoder_fingerprint", Assert.Single(ErrorTests.Detail<PreconditionFailure>(search).Violations).Subject);
    }

    [Fact]
    public async Task BothStayWithTheIndexThroughMergesAndRestarts()
    {
        string data = samples.NewDirectory();
        await using (RunningServer server = await LiveCalls.StartAsync(samples, data))
        {
            await LiveCalls.CreateAsync(server, change: static create =>
                (create.EncoderFingerprint, create.QueryEncoderFingerprint, create.QueryEncoderName) = (Rows, Queries, "users"));
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, Keys));
            await server.Indexes.CompactAsync(new CompactRequest { Index = "shop" });
        }
        string segment = Assert.Single(Directory.GetFiles(Path.Combine(data, "shop"), "*.ann"));
        using (SealedSegment file = SealedSegment.Open(PhysicalFileSystem.Instance, segment, SegmentResidence.Mapped))
            Assert.Equal(($"{Queries:x16}", "users"), (file.BuildRecord.QueryEncoderFingerprint, file.BuildRecord.QueryEncoderName));

        await using RunningServer again = await LiveCalls.StartAsync(samples, data);
        await again.Retrieval.SearchAsync(Asked(Queries));
        Assert.Equal(StatusCode.FailedPrecondition, (await LiveCalls.Fails(again.Retrieval.SearchAsync(Asked(Rows)))).StatusCode);
    }

    [Fact]
    public async Task AFileSaysBothAndOneEncoderIsBothWhereNoOtherIsNamed()
    {
        string directory = samples.NewDirectory();
        string pair = Build(Path.Combine(directory, "pair.ann"), $"{Queries:x16}");
        string one = Build(Path.Combine(directory, "one.ann"), null);
        string nonsense = Build(Path.Combine(directory, "nonsense.ann"), "0x0b0b");
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            foreach (string file in (string[])[pair, one, nonsense])
                options.IndexFiles.Add(file);
        });

        await server.Retrieval.SearchAsync(Asked(Queries, "pair"));
        await server.Retrieval.SearchAsync(Asked(Rows, "one"));
        RpcException wrong = await LiveCalls.Fails(server.Retrieval.SearchAsync(Asked(Rows, "pair")));
        // What cannot be read is no licence.
        RpcException unknown = await LiveCalls.Fails(server.Retrieval.SearchAsync(Asked(Rows, "nonsense")));
        IndexDescription described = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "one" })).Index;

        Require(wrong, $"{Rows:x16}", $"{Queries:x16}");
        Assert.Equal(StatusCode.FailedPrecondition, unknown.StatusCode);
        Assert.Equal(Rows, described.QueryEncoder.Fingerprint);
    }

    [Fact]
    public async Task ANameWithoutAFingerprintIsRefused()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => LiveCalls.CreateAsync(server, change: static create => create.QueryEncoderName = "users"));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("query_encoder_fingerprint", Assert.Single(ErrorTests.Detail<BadRequest>(error).FieldViolations).Field);
    }

    private static string Build(string path, string? queries)
    {
        using SegmentBuilder builder = new(Keys.Length, LiveCalls.Dimension, new SegmentBuildOptions
        {
            Metric = Core.Metric.L2,
            EncoderFingerprint = $"{Rows:x16}",
            QueryEncoderFingerprint = queries,
            QueryEncoderName = queries is null ? null : "users",
        });
        foreach (ulong key in Keys)
            builder.Add(LiveCalls.Row(key));
        builder.Build(Ann.Core.Keys.KeyColumn.Ordinals(Keys.Length));
        builder.Write(PhysicalFileSystem.Instance, path);
        return path;
    }

    private static UpsertRequest Written(ulong encoder)
    {
        UpsertRequest request = LiveCalls.Upsert(0, Keys);
        request.EncoderFingerprint = encoder;
        return request;
    }

    private static SearchRequest Asked(ulong encoder, string index = "shop") => new()
    {
        Index = index,
        K = 1,
        Queries = RunningServer.Bytes(LiveCalls.Row(1)),
        EncoderFingerprint = encoder,
    };

    private static void Require(RpcException error, params string[] parts)
    {
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        foreach (string part in parts)
            Assert.Contains(part, error.Status.Detail, StringComparison.Ordinal);
    }
}
