using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Access;
using Ann.Server.Telemetry;
using Ann.Tests.Exclusions;
using Ann.Tests.Files;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ann.Tests.Server.Access;

/// <summary>Goal: who did what, and who was refused what, can be read afterwards, whatever happens to the disk.</summary>
[Collection<ServerTests>]
public sealed class AuditTests(SampleIndexes samples)
{
    private const string File = "/shop/audit.jsonl";

    [Fact]
    public async Task ActsAndRefusalsAreRecordedWithWhoDidThem()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(
            samples, options => options.DataDirectory = samples.NewDirectory());
        (string admin, _) = server.NewKey("keeper", "admin:shop*");
        (string read, _) = server.NewKey("reader", "read:shop*");
        server.LookAtFiles();
        Ann.Protocol.V1.Indexes.IndexesClient keeper = new(server.Connect(admin));
        CreateRequest create = new() { Index = "shop", Dimension = 8, Metric = Ann.Protocol.V1.Metric.L2, KeyKind = KeyKind.Uint64 };

        await keeper.CreateAsync(create);
        await Assert.ThrowsAsync<RpcException>(async () => await keeper.CreateAsync(create));
        await keeper.ListAsync(new ListRequest());
        await keeper.DropAsync(new DropRequest { Index = "shop" });
        Ann.Protocol.V1.Indexes.IndexesClient reader = new(server.Connect(read));
        for (int i = 0; i < 5; i++)
            await Assert.ThrowsAsync<RpcException>(async () => await reader.DropAsync(new DropRequest { Index = "plain" }));
        server.Part<RefusalRecord>().TellRest();

        Assert.Equal(
            [
                "reload  The list of API keys  OK ",
                "act key:keeper /ann.v1.Indexes/Create shop OK ",
                "act key:keeper /ann.v1.Indexes/Create shop ALREADY_EXISTS ",
                "act key:keeper /ann.v1.Indexes/Drop shop OK ",
                "refusal key:reader /ann.v1.Indexes/Drop  PERMISSION_DENIED 1",
                "refusal key:reader /ann.v1.Indexes/Drop  PERMISSION_DENIED 4",
            ],
            Lines(System.IO.File.ReadAllLines(server.AuditFile)).Select(static line => string.Join(' ', new[]
            {
                "kind", "caller", "call", "index", "code", "count",
            }.Select(name => line.TryGetProperty(name, out JsonElement value) ? value.ToString() : ""))));
        Assert.All(Lines(System.IO.File.ReadAllLines(server.AuditFile)), static line =>
        {
            if (line.GetProperty("kind").GetString() != "reload")
                Assert.Equal("127.0.0.1", line.GetProperty("from").GetString());
            Assert.InRange(line.GetProperty("time").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        });
    }

    /// <summary>A stranger cannot choose what stands in the record, nor make a kind of refusal of each path.</summary>
    [Fact]
    public async Task RefusalsOfRestAreNamedByTheirMethods()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, static options =>
        {
            options.Console = true;
            options.WebListen = "127.0.0.1:0";
        });
        using HttpClient stranger = new(server.Handler(null)) { BaseAddress = new Uri(server.Host.WebAddress!) };
        foreach (string path in new[] { "/v1/indexes/a%0d%0aforged", "/v1/indexes/b%1b%5b31m", "/console/data/slow/17", "/none%0d%0a" })
            (await stranger.GetAsync(path)).Dispose();
        server.Part<RefusalRecord>().TellRest();

        Assert.Equal(
            ["/ann.v1.Indexes/Describe 1", "/console/data/slow/{number} 1", "(others) 1", "/ann.v1.Indexes/Describe 1"],
            Lines(System.IO.File.ReadAllLines(server.AuditFile)).Where(static line => line.GetProperty("kind").GetString() == "refusal")
                .Select(static line => $"{line.GetProperty("call").GetString()} {line.GetProperty("count").GetInt64()}"));
    }

    [Fact]
    public async Task ActsAreRecordedWhereNobodyIsAsked()
    {
        string file = Path.Combine(samples.NewDirectory(), "audit.jsonl");
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.DataDirectory = samples.NewDirectory();
            options.AuditLogFile = file;
        });
        await LiveCalls.CreateAsync(server);

        JsonElement line = Assert.Single(Lines(System.IO.File.ReadAllLines(file)));
        Assert.Equal("anonymous", line.GetProperty("caller").GetString());
        Assert.Equal("shop", line.GetProperty("index").GetString());
    }

    [Fact]
    public void FilesAreBoundedInLengthAndNumber()
    {
        SimulatedFileSystem files = SetFixture.NewFiles();
        using LogSink log = new();
        using AuditFile audit = Open(files, log, bytes: 1000, kept: 3);
        for (int i = 0; i < 100; i++)
            audit.Write(Line($"call {i}"), isAct: true);

        Assert.Equal([File, File + ".1", File + ".2"], files.AllFiles);
        string[] lines = [.. new[] { File + ".2", File + ".1", File }.SelectMany(path => Read(files, path))];
        Assert.All(files.AllFiles, path => Assert.InRange(Read(files, path).Sum(static line => line.Length + 1), 1, 1000));
        string[] calls = [.. Lines(lines).Select(static line => line.GetProperty("call").GetString()!)];
        Assert.Equal(Enumerable.Range(100 - calls.Length, calls.Length).Select(static i => $"call {i}"), calls);
        log.RequireNoErrors();
    }

    [Fact]
    public void OneFileAloneBeginsAnew()
    {
        SimulatedFileSystem files = SetFixture.NewFiles();
        using LogSink log = new();
        using AuditFile audit = Open(files, log, bytes: 500, kept: 1);
        for (int i = 0; i < 20; i++)
            audit.Write(Line($"call {i}"), isAct: false);

        Assert.Equal([File], files.AllFiles);
        Assert.Equal("call 19", Lines(Read(files, File)).Last().GetProperty("call").GetString());
    }

    [Fact]
    public void WhatCannotBeWrittenIsToldOnceAndTheNextLineIsWholeAgain()
    {
        SimulatedFileSystem files = SetFixture.NewFiles();
        using LogSink log = new();
        using AuditFile audit = Open(files, log, bytes: 1 << 16, kept: 2);
        audit.Write(Line("before"), isAct: true);
        files.FreeBytes = 10;

        audit.Write(Line("lost"), isAct: true);
        audit.Write(Line("lost too"), isAct: true);
        files.FreeBytes = 1 << 20;
        audit.Write(Line("after"), isAct: true);

        log.Expect("audit log /shop/audit.jsonl cannot be written");
        log.RequireNoErrors();
        Assert.Equal(["before", "after"], Lines(Read(files, File)).Select(static line => line.GetProperty("call").GetString()));
    }

    [Fact]
    public void AFloodOfRefusalsIsAFewLines()
    {
        SimulatedFileSystem files = SetFixture.NewFiles();
        using LogSink log = new();
        using AuditFile audit = Open(files, log, bytes: 1 << 20, kept: 2);
        using RefusalRecord record = new(audit, new ManualTime(), new ServerMetrics(), new Logger<RefusalRecord>(
            LoggerFactory.Create(logging => logging.AddProvider(log))));
        DefaultHttpContext http = new();
        for (int i = 0; i < 100_000; i++)
            record.Add(http, "", $"index {i % 1000}", StatusCode.PermissionDenied, "no role");
        record.TellRest();
        record.TellRest();

        JsonElement[] lines = [.. Lines(Read(files, File))];
        Assert.InRange(lines.Length, RefusalRecord.MostKinds, 2 * RefusalRecord.MostKinds + 2);
        Assert.Equal(100_000, lines.Sum(static line => line.GetProperty("count").GetInt64()));
    }

    private static AuditFile Open(SimulatedFileSystem files, LogSink log, long bytes, int kept)
    {
        AuditFile audit = new(
            Options.Create(new ServerOptions { AuditLogFile = File, AuditLogBytes = bytes, AuditLogFiles = kept }), files,
            new ManualTime(), new ServerMetrics(), new Logger<AuditFile>(LoggerFactory.Create(logging => logging.AddProvider(log))));
        audit.Open();
        return audit;
    }

    private static AuditLine Line(string call) => new() { Kind = "act", Call = call, Code = "OK" };

    private static string[] Read(SimulatedFileSystem files, string path)
    {
        using StreamReader reader = new(files.OpenRead(path));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static IEnumerable<JsonElement> Lines(IEnumerable<string> lines) =>
        lines.Select(static line => JsonDocument.Parse(line).RootElement);
}
