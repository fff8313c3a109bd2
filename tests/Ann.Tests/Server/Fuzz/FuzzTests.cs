using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Ann.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;

namespace Ann.Tests.Server.Fuzz;

/// <summary>
/// Goal: whatever comes over the wire, the server neither ends nor fails, and gives its memory back. Method: <c>ann serve</c> as a process;
/// mutated messages to every method that its services describe, and connections of garbage. Each message has a seed of its own, which a
/// failure tells; ANN_FUZZ_SEED repeats a run. ANN_NIGHTLY=1 sends a million messages and opens 100,000 connections.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class FuzzTests : IAsyncLifetime
{
    private const int AtOnce = 32;
    private const int Items = 500;

    /// <summary>Messages between two looks whether the index is still there: some drop it.</summary>
    private const int Round = 2000;

    private static readonly bool IsNightly = Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1";
    private static readonly int Messages = IsNightly ? 1_000_000 : 4_000;
    private static readonly int Connections = IsNightly ? 100_000 : 600;

    private static readonly int Seed = int.TryParse(
        Environment.GetEnvironmentVariable("ANN_FUZZ_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed)
        ? seed
        : Environment.TickCount;

    private readonly string _data = Directory.CreateTempSubdirectory("ann-fuzz-").FullName;
    private ServeProcess _serve = null!;
    private GrpcChannel _channel = null!;
    private RawCalls _raw = null!;
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public async ValueTask InitializeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        _serve = await ServeProcess.StartAsync(_data, new Dictionary<string, string>
        {
            ["DOTNET_GCHeapHardLimit"] = "0x20000000", // 512 MiB
            ["Ann__RequestBudgetBytes"] = "64MiB",
            ["Ann__ReplyBudgetBytes"] = "64MiB",
            ["Ann__MemoryBudgetBytes"] = "128MiB",
            ["Ann__SetBytes"] = "16MiB",
            ["Ann__MaxIndexes"] = "3",
            ["Ann__HeadRows"] = "5000",
            ["Ann__BodySeconds"] = "1",
            ["Ann__HeaderSeconds"] = "1",
            ["Ann__MaxSearchMs"] = "1000",
        });
        _channel = GrpcChannel.ForAddress(_serve.Address);
        _raw = new RawCalls(_serve.Address);
        await RenewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _raw.Dispose();
        _channel.Dispose();
        _serve.Dispose();
        Directory.Delete(_data, recursive: true);
        await ValueTask.CompletedTask;
    }

    [Fact]
    public async Task MutatedMessagesEndNothingAndFailNothing()
    {
        MethodDescriptor[] methods = [.. Methods()];
        Assert.Contains(methods, static method => method.Name == "Search");
        int warm = Messages * 2 / 5;
        await SendAsync(methods, 0, warm);
        await RenewAsync();
        long before = IsNightly ? await CalmBytesAsync() : _serve.RssBytes();
        await SendAsync(methods, warm, Messages);
        await RenewAsync();
        if (IsNightly)
            await AssertGivenBackAsync(before);
        await AssertWellAsync();
    }

    [Fact]
    public async Task ConnectionsOfGarbageEndNothingAndFailNothing()
    {
        IPEndPoint server = new(IPAddress.Loopback, new Uri(_serve.Address).Port);
        int warm = Connections / 5;
        await OpenAsync(server, 0, warm);
        long before = IsNightly ? await CalmBytesAsync() : _serve.RssBytes();
        await OpenAsync(server, warm, Connections);
        if (IsNightly)
            await AssertGivenBackAsync(before);
        await AssertWellAsync();
    }

    /// <summary>Every method that a caller can name, by the descriptions of the services.</summary>
    private static IEnumerable<MethodDescriptor> Methods() => new[]
    {
        RetrievalReflection.Descriptor, IngestReflection.Descriptor, IndexesReflection.Descriptor, HealthReflection.Descriptor,
        ReflectionReflection.Descriptor,
    }.SelectMany(static file => file.Services).SelectMany(static service => service.Methods);

    private static string NameOf(MethodDescriptor method) => $"{method.Service.FullName}/{method.Name}";

    private async Task SendAsync(MethodDescriptor[] methods, int from, int to)
    {
        for (int first = from; first < to; first += Round)
        {
            if (OperatingSystem.IsLinux() && first % (Messages / 10) == 0)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(
                    $"{_watch.Elapsed:mm\\:ss}: {first} messages, {_serve.RssBytes() >> 20} MiB");
            }
            ParallelOptions atOnce = new() { MaxDegreeOfParallelism = AtOnce };
            await Parallel.ForAsync(first, Math.Min(to, first + Round), atOnce, async (number, _) =>
            {
                MethodDescriptor method = methods[number % methods.Length];
                byte[] body = BodyOf(method, new Random(Seed + number));
                using HttpContent content = new ByteArrayContent(body);
                using HttpResponseMessage answer = await _raw.SendAsync(NameOf(method), content);
                if (method.IsServerStreaming && !method.IsClientStreaming)
                    return; // a watch goes on for ever; it is cut when it is let go
                (string status, string message) = await RawCalls.StatusOf(answer);
                // 2 and 13 are what nobody meant: an exception, or a failure of the server's own.
                if (status is "" or "2" or "13")
                {
                    _failures.Enqueue(
                        $"seed {Seed + number}: {NameOf(method)} ended with {status} {message}; the body was {Convert.ToHexString(body)}");
                }
            });
            await RestoreAsync();
        }
    }

    /// <summary>The body of a call: one message, or several of a stream.</summary>
    private static byte[] BodyOf(MethodDescriptor method, Random random)
    {
        MessageMutator mutator = new(random);
        IMessage? right = RightRequests.Of(NameOf(method));
        byte[] body = RawCalls.Frame(mutator.Next(method.InputType, right));
        if (!method.IsClientStreaming)
            return body;
        if (right is not null && random.Next(2) == 0)
            body = RawCalls.Frame(right.ToByteArray());
        WriteFrame block = new()
        {
            Block = new WriteBlock { Sequence = 1, Keys = RightRequests.Upsert(7).Keys, Vectors = RightRequests.Upsert(7).Vectors },
        };
        for (int more = random.Next(4); more > 0; more--)
            body = [.. body, .. RawCalls.Frame(mutator.Next(method.InputType, right is null ? null : block))];
        return body;
    }

    private static Task OpenAsync(IPEndPoint server, int from, int to) => Parallel.ForAsync(
        from, to, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
        async (number, _) => await GarbageConnection.RunAsync(server, new Random(Seed + number)));

    /// <summary>The index as it was at first.</summary>
    private async Task RenewAsync()
    {
        Protocol.V1.Indexes.IndexesClient indexes = new(_channel);
        foreach (IndexDescription index in (await indexes.ListAsync(new ListRequest())).Indexes)
            await indexes.DropAsync(new DropRequest { Index = index.Name });
        await RestoreAsync();
    }

    /// <summary>The index, if it is gone or is another.</summary>
    private async Task RestoreAsync()
    {
        Protocol.V1.Indexes.IndexesClient indexes = new(_channel);
        IndexDescription[] all = [.. (await indexes.ListAsync(new ListRequest())).Indexes];
        if (all.FirstOrDefault(static index => index.Name == RightRequests.Index) is { Dimension: 4, Attributes.Count: 2 })
            return;
        foreach (IndexDescription index in all)
            await indexes.DropAsync(new DropRequest { Index = index.Name });
        await indexes.CreateAsync(RightRequests.Create(RightRequests.Index));
        await new Ingest.IngestClient(_channel).UpsertAsync(
            RightRequests.Upsert([.. Enumerable.Range(0, Items).Select(static key => (ulong)key)]));
    }

    /// <summary>What the process holds when it has given back what it does not need: the least that is seen in two minutes.</summary>
    private async Task<long> CalmBytesAsync()
    {
        long least = long.MaxValue;
        for (int second = 0; second < 120; second++)
        {
            await Task.Delay(1000);
            least = Math.Min(least, _serve.RssBytes());
        }
        return least;
    }

    private async Task AssertGivenBackAsync(long before)
    {
        long after = await CalmBytesAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{before >> 20} MiB before, {after >> 20} MiB after, {_serve.PeakBytes() >> 20} MiB at most");
        Assert.True(after <= before * 11 / 10, $"the process holds {after >> 20} MiB; before it held {before >> 20}");
    }

    /// <summary>The server answers, has written no failure to its log, and ends as it is told to.</summary>
    private async Task AssertWellAsync()
    {
        SearchRequest request = new() { Index = RightRequests.Index, K = 3, Queries = RunningServer.Bytes([1f, 2f, 3f, 4f]) };
        Assert.Equal(3, (await new Retrieval.RetrievalClient(_channel).SearchAsync(request)).Keys.Numbers.Count);
        (int code, string errors) = await _serve.StopAsync("TERM");
        Assert.Equal(0, code);
        Assert.True(_failures.IsEmpty, string.Join('\n', _failures.Take(20)) + "\n" + errors[..Math.Min(errors.Length, 8000)]);
        foreach (string part in new[] { "Exception", "failed unexpectedly", "   at ", "crit:", "Unhandled" })
            Assert.DoesNotContain(part, errors, StringComparison.Ordinal);
    }
}
