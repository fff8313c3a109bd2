using System.Diagnostics;
using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Metric = Ann.Protocol.V1.Metric;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: no client takes the server's memory or its time from the others. Method: <c>ann serve</c> as a process with a heap of 512 MiB,
/// small requests that once took gigabytes or seconds, and a steady client beside them. ANN_NIGHTLY=1 repeats each ten times.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class PressureTests : IAsyncLifetime
{
    private const string HeapLimit = "0x20000000"; // 512 MiB
    private const int BudgetMiB = 96;
    private const int Items = 1000;
    private const int UsualCalls = 20_000;

    /// <summary>Attacks, one after another; then the memory of each is to come back.</summary>
    private static readonly int Attacks = Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? 10 : 1;

    private readonly string _data = Directory.CreateTempSubdirectory("ann-pressure-").FullName;
    private ServeProcess _serve = null!;
    private GrpcChannel _channel = null!;
    private RawCalls _raw = null!;
    private long _before;

    private static string MiB(long mebibytes) => (mebibytes << 20).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        _serve = await ServeProcess.StartAsync(_data, new Dictionary<string, string>
        {
            ["DOTNET_GCHeapHardLimit"] = HeapLimit,
            ["Ann__RequestBudgetBytes"] = MiB(BudgetMiB),
            ["Ann__ReplyBudgetBytes"] = MiB(BudgetMiB),
            ["Ann__BodySeconds"] = "1",
            ["Ann__MaxIndexes"] = "2",
            ["Ann__MaxSearchMs"] = "2000",
        });
        _channel = GrpcChannel.ForAddress(_serve.Address);
        _raw = new RawCalls(_serve.Address);
        Ann.Protocol.V1.Indexes.IndexesClient indexes = new(_channel);
        CreateRequest create = new() { Index = "shop", Dimension = 4, Metric = Metric.L2, KeyKind = KeyKind.Uint64 };
        create.Attributes.Add(new AttributeField { Name = "text", Type = AttributeType.Keyword });
        await indexes.CreateAsync(create);
        Ingest.IngestClient ingest = new(_channel);
        Random random = new(7);
        UpsertRequest upsert = new() { Index = "shop", Keys = new KeyColumn() };
        AttributeColumn texts = new() { Name = "text" };
        float[][] rows = new float[Items][];
        for (int item = 0; item < Items; item++)
        {
            rows[item] = [random.NextSingle(), random.NextSingle(), random.NextSingle(), random.NextSingle()];
            upsert.Keys.Numbers.Add((ulong)item);
            texts.Keywords.Add(new string('a', 995) + item.ToString("00000", System.Globalization.CultureInfo.InvariantCulture));
        }
        upsert.Vectors = RunningServer.Bytes(rows);
        upsert.Attributes.Add(texts);
        await ingest.UpsertAsync(upsert);
        _before = _serve.PeakBytes();
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
    public async Task AReplyIsReckonedBeforeItIsMade()
    {
        await BesideSteadyClient(async () =>
        {
            SearchRequest request = Search(rows: 1000, k: Items);
            request.Attributes.Add("text");
            RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await Retrieval.SearchAsync(request));
            Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
            Assert.Contains("MaxReplyBytes", e.Status.Detail, StringComparison.Ordinal);
        }, givesBack: true);
    }

    [Fact]
    public async Task AnswersThatNobodyReadAreCharged()
    {
        ScrollRequest scroll = new() { Index = "shop", Limit = 10_000, WithVectors = true, Attributes = { "text" } };
        int refused = 0;
        await BesideSteadyClient(async () =>
        {
            HttpResponseMessage[] answers = await Task.WhenAll(
                Enumerable.Range(0, 100).Select(_ => _raw.SendAsync("ann.v1.Retrieval/Scroll", scroll)));
            foreach (HttpResponseMessage answer in answers)
                refused += await RawCalls.IsEmptyAsync(answer) ? 1 : 0;
            foreach (HttpResponseMessage answer in answers)
                answer.Dispose();
        }, givesBack: true);

        Assert.InRange(refused, 1, 100 * Attacks - 1);
        // What nobody read is given back when its call is gone, which the server hears of by itself.
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        while (await RawCalls.IsEmptyAsync(await _raw.SendAsync("ann.v1.Retrieval/Scroll", scroll)))
            Assert.False(limit.IsCancellationRequested, "what nobody read was not given back in a minute");
    }

    [Fact]
    public async Task AMessageIsWeighedBeforeItIsParsed()
    {
        byte[] many = new byte[12 << 20];
        for (int i = 0; i < many.Length; i += 2)
            many[i] = 0x1A; // an empty message of a list, by two bytes
        byte[] column = [.. Length(0x0A, 4), .. "text"u8, .. many];
        byte[] message = [.. Length(0x22, column.Length), .. column];
        await BesideSteadyClient(async () =>
        {
            (string status, string text) = await RawCalls.StatusOf(
                await _raw.SendAsync("ann.v1.Ingest/Upsert", new ByteArrayContent(RawCalls.Frame(message))));
            Assert.Equal("8", status);
            Assert.Contains("RequestBudgetBytes", text, StringComparison.Ordinal);
        }, givesBack: true);
    }

    [Theory]
    [InlineData("grpc.health.v1.Health/Check")]
    [InlineData("grpc.health.v1.Health/Watch")]
    [InlineData("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")]
    public async Task NoServiceIsWithoutItsLimits(string method)
    {
        using CancellationTokenSource until = new();
        (string status, string _) = await RawCalls.StatusOf(
            await _raw.SendAsync(method, new RawCalls.Stalled(RawCalls.Frame([0x0A]), until.Token)));
        Assert.NotEqual("0", status); // what it sent is no message
        (status, string text) = await RawCalls.StatusOf(
            await _raw.SendAsync(method, new RawCalls.Stalled(RawCalls.Frame([], 15 << 20), until.Token)));
        Assert.Equal("8", status);
        Assert.Contains("at most 65536", text, StringComparison.Ordinal);
        (status, text) = await RawCalls.StatusOf(
            await _raw.SendAsync(method, new RawCalls.Stalled(RawCalls.Frame([], 10), until.Token)));
        Assert.Equal("14", status);
        Assert.Contains("stopped coming", text, StringComparison.Ordinal);
        await until.CancelAsync();
    }

    [Theory]
    [InlineData("ann.v1.Retrieval/Search")]
    [InlineData("ann.v1.Ingest/Upsert")]
    [InlineData("ann.v1.Ingest/Write")]
    [InlineData("grpc.health.v1.Health/Check")]
    public async Task AFrameLongerThanThereCanBeIsRefusedAndNoLineOfTheLog(string method)
    {
        (string status, string text) = await RawCalls.StatusOf(
            await _raw.SendAsync(method, new ByteArrayContent(RawCalls.Frame([1, 2, 3], unchecked((int)uint.MaxValue)))));

        Assert.Equal("8", status);
        Assert.Contains("4294967295", text, StringComparison.Ordinal);
        (int code, string errors) = await _serve.StopAsync("TERM");
        Assert.Equal(0, code);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodiesThatStopAreGivenUp()
    {
        byte[] most = RawCalls.Frame(new byte[2 << 20], 15 << 20);
        using CancellationTokenSource until = new();
        await BesideSteadyClient(async () =>
        {
            (string Status, string Message)[] ends = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
                await RawCalls.StatusOf(await _raw.SendAsync("ann.v1.Ingest/Upsert", new RawCalls.Stalled(most, until.Token)))));
            Assert.All(ends, static end => Assert.Contains(end.Status, new[] { "8", "14" }));
            Assert.Contains(ends, static end => end.Status == "8");
            Assert.Contains(ends, static end => end.Status == "14");
        });
        await until.CancelAsync();
    }

    [Fact]
    public async Task StreamsThatSayNothingLockNobodyOut()
    {
        using CancellationTokenSource until = new();
        Ingest.IngestClient ingest = new(_channel);
        await BesideSteadyClient(async () =>
        {
            Task<HttpResponseMessage>[] silent =
                [.. Enumerable.Range(0, 40).Select(_ => _raw.SendAsync("ann.v1.Ingest/Write", new RawCalls.Stalled([], until.Token)))];
            await Task.WhenAll(silent);
            using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> write = ingest.Write();
            await write.RequestStream.WriteAsync(LiveCalls.Start());
            Assert.True(await write.ResponseStream.MoveNext(CancellationToken.None));
            await write.RequestStream.CompleteAsync();
        });
        await until.CancelAsync();
    }

    [Fact]
    public async Task HeavySearchesLeavePlacesToOthers()
    {
        SearchRequest diverse = Search(rows: 20, k: 1000);
        diverse.Diversity = new Diversity { Lambda = 0.5f, Candidates = 10_000 };
        await BesideSteadyClient(async () => await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await Retrieval.SearchAsync(diverse);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted)
            {
                // They took what the server gives.
            }
        })));
    }

    /// <summary>Each is one that the server takes; a hundred at once are more than it has room for.</summary>
    [Fact]
    public async Task TheLargestLegalRequestsOnAHundredStreamsStayWithinTheBudgets()
    {
        IMessage[] largest = LargestRequests.Of("shop", Items).ToArray();
        foreach (IMessage request in largest)
        {
            (string status, string message) = await RawCalls.StatusOf(await _raw.SendAsync(LargestRequests.MethodOf(request), request));
            Assert.True(status is "0" or "4" or "8", $"{request.Descriptor.Name}: {status} {message}");
        }
        int answered = 0;
        await BesideSteadyClient(async () =>
        {
            using RawCalls one = new(_serve.Address);
            (string Status, string Message)[] ends = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            {
                IMessage request = largest[i % largest.Length];
                return await RawCalls.StatusOf(await one.SendAsync(LargestRequests.MethodOf(request), request));
            }));
            Assert.All(ends, static end => Assert.True(end.Status is "0" or "4" or "8", $"{end.Status}: {end.Message}"));
            answered += ends.Count(static end => end.Status == "0");
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} of {100 * Attacks} answered");
        (int code, string errors) = await _serve.StopAsync("TERM");
        Assert.Equal(0, code);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMistakeCostsTheCallAndNotTheConnection()
    {
        Health.HealthClient health = new(_channel);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = health.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        string huge = new('ü', 20_000);
        SearchRequest byFilter = Search(rows: 1, k: 1);
        byFilter.Filter = new Filter { Exists = huge };
        SearchRequest byAttribute = Search(rows: 1, k: 1);
        byAttribute.Attributes.Add(huge);
        SearchRequest byIndex = Search(rows: 1, k: 1);
        byIndex.Index = huge;
        foreach (SearchRequest request in new[] { byFilter, byAttribute, byIndex })
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await Retrieval.SearchAsync(request));
            Assert.InRange(e.Status.Detail.Length, 20, 1024);
            Assert.True(e.Trailers.Sum(static entry => entry.IsBinary ? entry.ValueBytes.Length : entry.Value.Length) < 6000);
        }

        await Retrieval.SearchAsync(Search(rows: 1, k: 1));
        Task<bool> next = watch.ResponseStream.MoveNext(CancellationToken.None);
        Assert.False(next.IsCompleted, "the watch goes on");
    }

    [Fact]
    public async Task ThereAreNoMoreIndexesThanTheServerLetsThereBe()
    {
        Ann.Protocol.V1.Indexes.IndexesClient indexes = new(_channel);
        CreateRequest create = new() { Index = "second", Dimension = 4, Metric = Metric.L2, KeyKind = KeyKind.Uint64 };
        await indexes.CreateAsync(create);
        create.Index = "third";

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await indexes.CreateAsync(create));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Contains("MaxIndexes", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(e.Trailers, static entry => entry.Key == "grpc-retry-pushback-ms");
        await indexes.DropAsync(new DropRequest { Index = "second" });
        await indexes.CreateAsync(create);
    }

    private Retrieval.RetrievalClient Retrieval => new(_channel);

    private static SearchRequest Search(int rows, uint k)
    {
        Random random = new(rows);
        float[][] queries = [.. Enumerable.Range(0, rows).Select(_ => new[] { random.NextSingle(), random.NextSingle(), 0.5f, 0.5f })];
        return new SearchRequest { Index = "shop", Queries = RunningServer.Bytes(queries), K = k };
    }

    /// <summary>Attacks, while a client asks one after another; then looks at what it got, and at what the process holds.</summary>
    private async Task BesideSteadyClient(Func<Task> attack, bool givesBack = false)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(_serve.Address);
        Retrieval.RetrievalClient steady = new(channel);
        SearchRequest request = Search(rows: 1, k: 10);
        await steady.SearchAsync(request);
        (int _, int _, double before) = await AskAsync(steady, request, static asked => asked < 200);
        if (givesBack || Attacks > 1)
            await AskAsync(steady, request, static asked => asked < UsualCalls); // until the heap is as large as these calls make it
        long usual = _serve.RssBytes();
        Task attacking = RepeatAsync(attack);
        (int asked, int missed, double during) = await AskAsync(steady, request, asked => !attacking.IsCompleted || asked < 20);
        await attacking;
        (int _, int _, double after) = await AskAsync(steady, request, static asked => asked < 200);
        long held = _serve.PeakBytes() - _before;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"p99 before {before:F1} ms, during {during:F1} ms ({asked} calls, {missed} missed), after {after:F1} ms; "
            + $"{held >> 20} MiB at most");
        if (givesBack || Attacks > 1)
            await AssertGivenBackAsync(steady, request, usual);

        Assert.True(missed * 100 <= asked, $"{missed} of {asked} calls got no answer in a second");
        Assert.True(held <= (2L * BudgetMiB + 300) << 20, $"the process held {held >> 20} MiB more than before");
    }

    private static async Task RepeatAsync(Func<Task> attack)
    {
        for (int time = 0; time < Attacks; time++)
            await attack();
    }

    /// <summary>Goes on asking, until the process holds no more than a fifth above what it held; a minute at most.</summary>
    private async Task AssertGivenBackAsync(Retrieval.RetrievalClient steady, SearchRequest request, long usual)
    {
        long start = Stopwatch.GetTimestamp();
        long attacked = _serve.RssBytes();
        while (_serve.RssBytes() > usual * 6 / 5)
        {
            Assert.True(
                Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1),
                $"a minute later the process holds {_serve.RssBytes() >> 20} MiB; before it held {usual >> 20}");
            await AskAsync(steady, request, static asked => asked < 50);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{usual >> 20} MiB before, {attacked >> 20} after, {_serve.RssBytes() >> 20} when {Stopwatch.GetElapsedTime(start)} had gone");
    }

    /// <summary>
    /// Asks one call after another; how many there were, how many got no answer in a second, and the 99th percentile in ms.
    /// </summary>
    private static async Task<(int Asked, int Missed, double P99)> AskAsync(
        Retrieval.RetrievalClient client, SearchRequest request, Func<int, bool> goesOn)
    {
        List<double> times = [];
        int missed = 0;
        while (goesOn(times.Count))
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await client.SearchAsync(request, deadline: DateTime.UtcNow.AddSeconds(1));
            }
            catch (RpcException)
            {
                missed++;
            }
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return (times.Count, missed, times.Order().ElementAt(times.Count * 99 / 100));
    }

    private static byte[] Length(byte tag, int length)
    {
        using MemoryStream bytes = new();
        using CodedOutputStream coded = new(bytes);
        coded.WriteRawTag(tag);
        coded.WriteLength(length);
        coded.Flush();
        return bytes.ToArray();
    }
}
