using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Ann.Tests.Tool;
using Ann.Tool.Replay;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: a slow call is written with all that it takes to send it again, in bounded room, and is sent again.</summary>
[Collection(typeof(ServerTests))]
public sealed class SlowQueryTests(SampleIndexes samples)
{
    [Fact]
    public async Task ACallIsWrittenAndSentAgain()
    {
        string file = Path.Combine(samples.NewDirectory(), "slow.jsonl");
        await using RunningServer server = await TextShop.StartAsync(samples, options =>
        {
            options.SlowQueryFile = file;
            options.SlowQueryMs = 0;
        });
        await server.Retrieval.SearchAsync(new SearchRequest { Index = "shop", Texts = { "mouse", "kettle" }, K = 2, RequestTag = "mine" });
        await server.Retrieval.RangeAsync(new RangeRequest
        {
            Search = new SearchRequest { Index = "plain", Queries = RunningServer.Bytes(samples.Rows[3]), K = 4, MinScore = 100 },
        });
        await server.Retrieval.FetchAsync(new FetchRequest { Index = "plain", Keys = LiveCalls.Keys(1, 2) });
        await LiveCalls.Fails(server.Retrieval.SearchAsync(new SearchRequest { Index = "no\nthing\u001b[31m", K = 1 }));
        await LinesAsync(file, 4);

        ToolRun run = (await ToolRun.RunAsync("replay", file, "--address", server.Host.Address, "--repeat", "2", "--json")).Expect(1);

        SlowQuery[] written = [.. SlowQueryReader.Read(PhysicalFileSystem.Instance, file).Take(4)];
        SlowQuery search = written.Single(static one => one.RequestTag == "mine");
        Assert.Equal(("ann.v1.Retrieval/Search", "shop", "OK"), (search.Method, search.Index, search.Status));
        Assert.Equal((server.GenerationOf("shop"), 2, null), (search.Generation, search.K, search.Caller));
        Assert.Equal(["0", "2"], search.Keys!.Select(static list => list[0]));
        SearchRequest sent = SearchRequest.Parser.ParseFrom(search.Request);
        Assert.Empty(sent.Texts);
        Assert.Equal(2 * sizeof(float) * (int)sent.Queries.Dim, sent.Queries.Data.Length);
        Assert.Equal("NOT_FOUND", written.Single(static one => one.Index!.StartsWith("no", StringComparison.Ordinal)).Status);
        JsonElement report = run.Json;
        Assert.Equal((4, 1), (report.GetProperty("sent").GetInt32(), report.GetProperty("failed").GetInt32()));
        Assert.Equal(1, report.GetProperty("overlap").GetDouble());
        Assert.Contains("NOT_FOUND", run.Out, StringComparison.Ordinal);
        ToolRun all = (await ToolRun.RunAsync("replay", file, "--address", server.Host.Address)).Expect(1);
        Assert.Contains(" no\\nthing\\u001b[31m:", all.Out, StringComparison.Ordinal); // nothing that a terminal obeys
        ToolRun shop = (await ToolRun.RunAsync(
            "replay", file, "--address", server.Host.Address, "--index", "shop", "--limit", "1")).Expect(0);
        Assert.Contains("1 calls sent again, 0 failed", shop.Out, StringComparison.Ordinal);
        Assert.Contains("answers have 100.0 % of the keys", shop.Out, StringComparison.Ordinal);
        string at = search.Time.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        ToolRun one = (await ToolRun.RunAsync("replay", file, "--address", server.Host.Address, "--at", at, "--json")).Expect(0);
        Assert.Equal(1, one.Json.GetProperty("sent").GetInt32());
        Assert.Equal("mine", one.Json.GetProperty("calls")[0].GetProperty("request_tag").GetString());
        (await ToolRun.RunAsync("replay", file, "--address", server.Host.Address, "--at", "2020-01-01T00:00:00Z"))
            .ExpectRefusal(file, "2020-01-01T00:00:00Z");
        (await ToolRun.RunAsync("replay", file, "--at", "noon")).ExpectRefusal("--at", "noon");
    }

    [Fact]
    public async Task FastCallsAreNotWritten()
    {
        string file = Path.Combine(samples.NewDirectory(), "slow.jsonl");
        await using (RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.SlowQueryFile = file;
            options.SlowQueryMs = 60_000;
        }))
        {
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        }

        Assert.Equal("", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task AFileThatCannotBeWrittenEndsTheStart()
    {
        AnnException e = await Assert.ThrowsAsync<AnnException>(() => RunningServer.StartAsync(
            samples, options => options.SlowQueryFile = Path.Combine(samples.NewDirectory(), "no", "such", "slow.jsonl")));

        Assert.Contains("slow.jsonl", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFileIsBoundedAndKeepsTheOneBefore()
    {
        string path = Path.Combine(samples.NewDirectory(), "slow.jsonl");
        byte[] line = new byte[99];
        Array.Fill(line, (byte)'x');
        using (SlowQueryFile file = new(PhysicalFileSystem.Instance, path, mostBytes: 1000))
        {
            for (int i = 0; i < 25; i++)
            {
                line[0] = (byte)('a' + i);
                Assert.True(file.Write(line));
                Assert.True(Length(path) + Length(path + SlowQueryFile.Older) <= 1000);
            }
            Assert.False(file.Write(new byte[501]));
        }

        string kept = File.ReadAllText(path + SlowQueryFile.Older) + File.ReadAllText(path);
        Assert.Equal("pqrstuvwxy", string.Concat(kept.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static one => one[0])));
        Assert.All(kept.Split('\n', StringSplitOptions.RemoveEmptyEntries), static one => Assert.Equal(99, one.Length));
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("""{"time":"2026-11-30T00:00:00Z","method":"x","status":"OK","duration_ms":1,"request_bytes":0}""", "SERVICE/METHOD")]
    [InlineData("[]", "line 1")]
    public async Task WhatIsNoSlowQueryIsRefused(string line, string part)
    {
        string file = Path.Combine(samples.NewDirectory(), "slow.jsonl");
        await File.WriteAllTextAsync(file, line);

        (await ToolRun.RunAsync("replay", file, "--address", "127.0.0.1:1")).ExpectRefusal(file, part);
    }

    [Fact]
    public void OverlapCountsKeysOfThenListByList()
    {
        Assert.Equal(0.75, CallReplay.Overlap([["a", "b"], ["c", "d"]], [["b", "a"], ["c", "x"]]));
        Assert.Equal(0.5, CallReplay.Overlap([["a"], ["b"]], [["a"]]));
        Assert.Null(CallReplay.Overlap([[]], [["a"]]));
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static Task LinesAsync(string file, int count) => RunningServer.Eventually(
        () =>
        {
            using FileStream open = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(open);
            return reader.ReadToEnd().Count(static letter => letter == '\n') >= count;
        },
        "the calls are written");
}
