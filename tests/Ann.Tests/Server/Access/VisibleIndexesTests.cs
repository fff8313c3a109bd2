using Ann.Protocol.V1;
using Ann.Server;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Access;

/// <summary>Goal: a caller learns of no index that it may not read, and roles follow the files while the server serves.</summary>
[Collection<ServerTests>]
public sealed class VisibleIndexesTests(SampleIndexes samples)
{
    [Fact]
    public async Task ListsAndMessagesTellOnlyWhatMayBeRead()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, _) = server.NewKey("reader", "read:pl*");
        server.LookAtFiles();
        GrpcChannel channel = server.Connect(key);
        Ann.Protocol.V1.Indexes.IndexesClient indexes = new(channel);

        Assert.Equal(["plain"], (await indexes.ListAsync(new ListRequest())).Indexes.Select(static one => one.Name));
        RpcException missing = await Assert.ThrowsAsync<RpcException>(async () =>
            await indexes.DescribeAsync(new DescribeRequest { Index = "please" }));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
        Assert.Contains("there is plain", missing.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("named'", missing.Status.Detail, StringComparison.Ordinal);
        (string writer, _) = server.NewKey("writer", "write:pl*");
        server.LookAtFiles();
        Ingest.IngestClient ingest = new(server.Connect(writer));
        RpcException unary = await Assert.ThrowsAsync<RpcException>(async () =>
            await ingest.DropSetAsync(new DropSetRequest { Index = "please", Set = "s" }));
        Assert.Equal("No index is named 'please'; there is plain.", unary.Status.Detail);
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> stream = ingest.Write();
        await stream.RequestStream.WriteAsync(new WriteFrame { Start = new WriteStart { Index = "please" } });
        RpcException streamed = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("No index is named 'please'; there is plain.", streamed.Status.Detail);

        // One that is there and one that is not are refused alike.
        foreach (string name in new[] { "named", "nothing" })
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
                await indexes.DescribeAsync(new DescribeRequest { Index = name }));
            Assert.Equal(StatusCode.PermissionDenied, e.StatusCode);
            Assert.Equal($"key:reader has no role read on index '{name}'.", e.Status.Detail);
        }
        foreach (string name in new[] { "na\nmed", "", "named@", "@" })
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
                await indexes.DescribeAsync(new DescribeRequest { Index = name }));
            Assert.NotEqual(StatusCode.OK, e.StatusCode);
            Assert.DoesNotContain('\n', e.Status.Detail);
        }
        Assert.Equal(2, (await new Ann.Protocol.V1.Indexes.IndexesClient(server.Connect(Admin(server))).ListAsync(new ListRequest()))
            .Indexes.Count);
    }

    [Fact]
    public async Task AnIndexInsideARequestIsLookedAtToo()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, _) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();
        Retrieval.RetrievalClient client = new(server.Connect(key));
        SearchRequest inner = RunningServer.Request(samples, "named");

        foreach (Func<Task> call in new Func<Task>[]
        {
            async () => await client.RecommendAsync(new RecommendRequest { Search = inner }),
            async () => await client.RangeAsync(new RangeRequest { Search = inner }),
            async () => await client.ExplainAsync(new ExplainRequest { Search = inner }),
            async () => await client.SearchManyAsync(new SearchManyRequest { Index = "named", Searches = { inner } }),
            async () => await client.SearchAsync(RunningServer.Request(samples, "named@0123456789abcdef")),
        })
        {
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
        }
        // Of several searches each may name an index, which must be the call's.
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.SearchManyAsync(new SearchManyRequest { Index = "plain", Searches = { inner } }));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
    }

    /// <summary>A stream may be open for as long as its caller likes: what was written is kept, what comes after is refused.</summary>
    [Fact]
    public async Task AStreamEndsAtTheBlockAfterItsKeyWasRevoked()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(
            samples, options => options.DataDirectory = samples.NewDirectory());
        (string admin, _) = server.NewKey("keeper", "admin:shop");
        (string writer, string id) = server.NewKey("writer", "write:shop");
        server.LookAtFiles();
        await new Ann.Protocol.V1.Indexes.IndexesClient(server.Connect(admin)).CreateAsync(
            new CreateRequest { Index = "shop", Dimension = 8, Metric = Ann.Protocol.V1.Metric.L2, KeyKind = KeyKind.Uint64 });
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> stream = new Ingest.IngestClient(server.Connect(writer)).Write();
        await stream.RequestStream.WriteAsync(new WriteFrame { Start = new WriteStart { Index = "shop", Mode = WriteMode.Delete } });
        await stream.RequestStream.WriteAsync(DeleteOf(1));
        while (stream.ResponseStream.Current?.Visible != 1)
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));

        Ann.Tool.ApiKeys.KeyFileChange.Revoke(GuardedServer.World, server.KeyFile, id);
        server.LookAtFiles();
        await stream.RequestStream.WriteAsync(DeleteOf(2));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.ResponseStream.MoveNext(CancellationToken.None))
                Assert.True(stream.ResponseStream.Current.Received < 2);
        });

        Assert.Equal((StatusCode.Unauthenticated, $"The API key {id} was revoked."), (e.StatusCode, e.Status.Detail));

        static WriteFrame DeleteOf(ulong sequence) => new()
        {
            Block = new WriteBlock { Sequence = sequence, Keys = new KeyColumn { Numbers = { sequence } } },
        };
    }

    [Fact]
    public async Task AKeyThatIsRevokedIsRefusedOnTheConnectionThatItOpened()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, string id) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();
        Retrieval.RetrievalClient client = new(server.Connect(key));
        await client.SearchAsync(RunningServer.Request(samples));

        Ann.Tool.ApiKeys.KeyFileChange.Revoke(GuardedServer.World, server.KeyFile, id);
        server.LookAtFiles();

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await client.SearchAsync(RunningServer.Request(samples)));
        Assert.Equal($"The API key {id} was revoked.", e.Status.Detail);
    }

    [Fact]
    public async Task ATokenThatWasGoodIsLookedAtAnewWhenKeysOrGrantsChange()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        Retrieval.RetrievalClient client = new(server.Connect(server.Token("search-admins")));
        await client.SearchAsync(RunningServer.Request(samples));
        await client.SearchAsync(RunningServer.Request(samples));

        File.WriteAllText(
            server.PathOf("grants.json"), """{"version": 1, "words": [{"word": "search-admins", "grants": ["read:named"]}]}""");
        server.LookAtFiles();
        RpcException denied = await Assert.ThrowsAsync<RpcException>(async () => await client.SearchAsync(RunningServer.Request(samples)));
        Assert.Equal(StatusCode.PermissionDenied, denied.StatusCode);

        using TestIssuer next = new("k2");
        File.WriteAllText(server.PathOf("jwks.json"), next.Keys);
        server.LookAtFiles();
        RpcException unknown = await Assert.ThrowsAsync<RpcException>(async () => await client.SearchAsync(RunningServer.Request(samples)));
        Assert.Equal(StatusCode.Unauthenticated, unknown.StatusCode);
        await new Retrieval.RetrievalClient(server.Connect(next.Token("read:plain"))).SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task HealthIsForWhomTheSettingSays()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, static options =>
        {
            options.HealthAccess = AccessLevel.Authenticated;
            options.ReflectionAccess = AccessLevel.Admin;
        });
        (string key, _) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Health.HealthClient(server.Connect()).CheckAsync(new HealthCheckRequest()));
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
        await new Health.HealthClient(server.Connect(key)).CheckAsync(new HealthCheckRequest());
        RawMethod reflection = new(Grpc.Reflection.V1.ReflectionReflection.Descriptor.Services[0].Methods[0]);
        Assert.Equal(StatusCode.PermissionDenied, (await reflection.CallAsync(server.Connect(key).CreateCallInvoker(), "")).StatusCode);
        Assert.Equal(StatusCode.OK, (await reflection.CallAsync(server.Connect(Admin(server)).CreateCallInvoker(), "")).StatusCode);
    }

    /// <summary>Keys of tokens from an address: of a key set, and of an issuer's OpenID configuration.</summary>
    [Theory]
    [InlineData("/keys")]
    [InlineData("/.well-known/openid-configuration")]
    public async Task KeysOfTokensAreFetched(string path)
    {
        await using GuardedServer keys = await GuardedServer.StartAsync(samples); // its issuer alone is used
        await using KeySite site = await KeySite.StartAsync(keys.Issuer.Keys);
        await using GuardedServer server = await GuardedServer.StartAsync(samples, options => options.JwtKeys = site.Address + path);

        Retrieval.RetrievalClient client = new(server.Connect(keys.Token("read:plain")));
        await client.SearchAsync(RunningServer.Request(samples));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Retrieval.RetrievalClient(server.Connect(server.Token("read:plain"))).SearchAsync(RunningServer.Request(samples)));
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
    }

    [Fact]
    public async Task KeysThatCannotBeFetchedAreNoFaultOfTheToken()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(
            samples, static options => options.JwtKeys = "http://127.0.0.1:1/keys"); // where nothing listens

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Retrieval.RetrievalClient(server.Connect(server.Token("read:plain"))).SearchAsync(RunningServer.Request(samples)));

        Assert.Equal("The keys of the token's issuer could not be fetched; the server's log has why.", e.Status.Detail);
        Assert.Contains("http://127.0.0.1:1/keys", Assert.Single(server.Log.Of(97)).Text, StringComparison.Ordinal);
    }

    private static string Admin(GuardedServer server)
    {
        (string key, _) = server.NewKey($"keeper-{server.Secrets.Count}", "admin:*");
        server.LookAtFiles();
        return key;
    }
}
