using Ann.Client;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Tests.Client;

/// <summary>Goal: a client bears with servers that are away, full or slow, as long as the deadline lets it, and no longer.</summary>
public sealed class ClientPatienceTests
{
    private static readonly float[] Vector = [1, 2];

    [Theory]
    [InlineData(StatusCode.Unavailable, null)]
    [InlineData(StatusCode.ResourceExhausted, 1)]
    public async Task ASearchIsAskedAgain(StatusCode code, int? againMs)
    {
        await using StagedServer server = await StagedServer.StartAsync();
        server.Search = (number, _) => number < 3 ? throw StagedServer.Failure(code, againMs) : Task.FromResult(Answer(7));
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, ReadTimeout = TimeSpan.FromMinutes(1) });
        using SearchAnswer answer = await client.Index("any").SearchAsync(Vector);
        Assert.Equal((7ul, 4), (answer.NumberKeys[0], server.Searches));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, null)]
    [InlineData(StatusCode.DataLoss, null)]
    [InlineData(StatusCode.ResourceExhausted, -1)]
    public async Task WhatWouldFailAgainIsNot(StatusCode code, int? againMs)
    {
        await using StagedServer server = await StagedServer.StartAsync();
        server.Search = (_, _) => throw StagedServer.Failure(code, againMs);
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, ReadTimeout = TimeSpan.FromMinutes(1) });
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => client.Index("any").SearchAsync(Vector));
        Assert.Equal((code, 1), (failure.StatusCode, server.Searches));
    }

    [Fact]
    public async Task OneAttemptIsOne()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        server.Search = static (_, _) => throw StagedServer.Failure(StatusCode.Unavailable);
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, MaxAttempts = 1 });
        await Assert.ThrowsAsync<RpcException>(() => client.Index("any").SearchAsync(Vector));
        Assert.Equal(1, server.Searches);
    }

    [Fact]
    public async Task EachCallHasADeadlineByItself()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        List<DateTime> deadlines = [];
        server.Search = (_, context) =>
        {
            deadlines.Add(context.Deadline);
            return Task.FromResult(Answer(1));
        };
        using AnnClient client = new(server.Address);
        using SearchAnswer first = await client.Index("any").SearchAsync(Vector);
        using SearchAnswer second = await client.Index("any").SearchAsync(
            new SearchQuery { Vectors = Vector, Timeout = TimeSpan.FromHours(1) });
        using SearchAnswer third = await client.Index("any").SearchAsync(
            new SearchQuery { Vectors = Vector, Timeout = Timeout.InfiniteTimeSpan });
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        Assert.InRange(deadlines[0], DateTime.MinValue, now + TimeSpan.FromSeconds(1.1));
        Assert.InRange(deadlines[1], now + TimeSpan.FromMinutes(50), now + TimeSpan.FromMinutes(61));
        Assert.Equal(DateTime.MaxValue, deadlines[2]);
    }

    [Fact]
    public async Task ASlowServersCallIsHedgedAndTheFirstAnswerCounts()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        TaskCompletionSource cancelled = new();
        server.Search = async (number, context) =>
        {
            if (number > 0)
                return Answer(2);
            using CancellationTokenRegistration registration = context.CancellationToken.Register(cancelled.SetResult);
            await cancelled.Task; // Stalled until the client has gone.
            return Answer(1);
        };
        using AnnClient client = new(new AnnClientOptions
        {
            Address = server.Address,
            HedgingDelay = TimeSpan.FromMilliseconds(5),
            ReadTimeout = TimeSpan.FromMinutes(1),
        });
        using SearchAnswer answer = await client.Index("any").SearchAsync(Vector);
        Assert.Equal(2ul, answer.NumberKeys[0]);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task SeveralServersAreAskedInTurnAndOneThatIsAwayIsPassedOver()
    {
        await using StagedServer first = await StagedServer.StartAsync();
        await using StagedServer second = await StagedServer.StartAsync();
        first.Search = static (_, _) => Task.FromResult(Answer(1));
        second.Search = static (_, _) => Task.FromResult(Answer(2));
        string list = $"static:///{new Uri(first.Address).Authority},{new Uri(second.Address).Authority}";
        using AnnClient client = new(new AnnClientOptions { Address = list, ReadTimeout = TimeSpan.FromMinutes(1), Connections = 2 });
        HashSet<ulong> found = [];
        for (int i = 0; i < 2_000 && found.Count < 2; i++)
        {
            using SearchAnswer answer = await client.Index("any").SearchAsync(Vector);
            found.Add(answer.NumberKeys[0]);
        }
        Assert.Equal(2, found.Count);
        await first.DisposeAsync();
        for (int i = 0; i < 50; i++)
        {
            using SearchAnswer answer = await client.Index("any").SearchAsync(Vector);
            Assert.Equal(2ul, answer.NumberKeys[0]);
        }
    }

    [Fact]
    public async Task SeveralConnectionsAreTakenInTurn()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        server.Search = static (_, _) => Task.FromResult(Answer(1));
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, Connections = 3 });
        for (int i = 0; i < 30; i++)
            (await client.Index("any").SearchAsync(Vector)).Dispose();
        Assert.Equal([10, 10, 10], server.Peers.Values);
    }

    [Fact]
    public async Task ASocketOfTheMachineServesToo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "paths of sockets are those of Unix");
        string path = Path.Combine(Path.GetTempPath(), $"ann-{Guid.NewGuid():n}.sock");
        await using StagedServer server = await StagedServer.StartAsync(path);
        server.Search = static (_, _) => Task.FromResult(Answer(5));
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, ApiKey = "a-key" });
        using SearchAnswer answer = await client.Index("any").SearchAsync(Vector);
        Assert.Equal(5ul, answer.NumberKeys[0]);
        Assert.Equal(["Bearer a-key"], server.Bearers);
    }

    [Fact]
    public async Task ATokenIsAskedForBeforeEachCall()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        int asked = 0;
        using AnnClient client = new(new AnnClientOptions
        {
            Address = server.Address,
            TokenProvider = _ => ValueTask.FromResult($"token-{asked++ / 2}"),
        });
        for (int i = 0; i < 3; i++)
            (await client.Index("any").SearchAsync(Vector)).Dispose();
        Assert.Equal(["Bearer token-0", "Bearer token-0", "Bearer token-1"], server.Bearers);
    }

    [Fact]
    public async Task BytesThatAreNoAnswerFailTheCall()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        SearchResponse bad = new() { Keys = new KeyColumn { Numbers = { 1, 2 } }, Scores = { 1 } };
        server.Search = (_, _) => Task.FromResult(bad);
        using AnnClient client = new(server.Address);
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => client.Index("any").SearchAsync(Vector));
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("2 keys", failure.Status.Detail + failure.Status.DebugException?.Message, StringComparison.Ordinal);
    }

    private static SearchResponse Answer(ulong key) => new()
    {
        Keys = new KeyColumn { Numbers = { key } },
        Scores = { 1 },
        RowOffsets = { 0, 1 },
    };
}
