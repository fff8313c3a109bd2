using Ann.Core;
using Ann.Core.Files;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Ann.Tests.Tool;
using Ann.Tests.Tool.Pages;
using Ann.Tool.Replay;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: searches are captured with what was asked and nothing of who asked, in bounded room, and are sent again.</summary>
[Collection(typeof(ServerTests))]
public sealed class CaptureTests(SampleIndexes samples)
{
    [Fact]
    public async Task SearchesAreCapturedAndSentAgain()
    {
        string file = Path.Combine(samples.NewDirectory(), "shop.capture");
        await using (RunningServer server = await StartAsync(file))
        {
            await server.Retrieval.SearchAsync(
                new SearchRequest { Index = "shop", Texts = { "mouse", "kettle" }, K = 2, RequestTag = "mine" });
            await server.Retrieval.SearchAsync(
                RunningServer.Request(samples), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
            await server.Retrieval.FetchAsync(new FetchRequest { Index = "plain", Keys = LiveCalls.Keys(1, 2) }); // no search
        } // The stop writes what waits.

        CapturedCall[] calls = CaptureReader.Read(PhysicalFileSystem.Instance, file);
        Assert.Equal(["shop", "plain"], calls.Select(static call => call.Index));
        Assert.Null(calls[0].DeadlineMs);
        Assert.InRange(calls[1].DeadlineMs!.Value, 1, 60_000);
        SearchRequest sent = SearchRequest.Parser.ParseFrom(calls[0].Request);
        Assert.Empty(sent.Texts);
        Assert.Equal("", sent.RequestTag);
        Assert.Equal(2 * sizeof(float) * (int)sent.Queries.Dim, sent.Queries.Data.Length);

        string page = file + ".html";
        await using RunningServer again = await StartAsync(file + ".second");
        ToolRun run = (await ToolRun.RunAsync(
            "replay", "--capture", file, "--address", again.Host.Address, "--speed", "2", "--report", page, "--json")).Expect(0);
        Assert.Equal(2, run.Json.GetProperty("run").GetProperty("answered").GetInt32());
        Assert.Contains("Captured searches, sent again", File.ReadAllText(page));

        string queries = Path.ChangeExtension(file, ".fbin");
        ToolRun made = (await ToolRun.RunAsync("capture", file, "--index", "shop", "--to-queries", queries, "--json")).Expect(0);
        Assert.Equal(2, made.Json.GetProperty("queries").GetInt32());
        Assert.Equal(8 + sent.Queries.Data.Length, new FileInfo(queries).Length);
        Assert.Contains("2 captured calls", (await ToolRun.RunAsync("capture", file)).Expect(0).Out);
        (await ToolRun.RunAsync("replay", "--capture", file, "--index", "none")).ExpectRefusal("no call of index 'none'");
        await PageInBrowser.RequireSoundAsync("replay", page, 3);
    }

    [Fact]
    public async Task TheFileEndsAtItsBound()
    {
        string file = Path.Combine(samples.NewDirectory(), "full.capture");
        await File.WriteAllBytesAsync(file, new byte[1 << 20]);
        await using (RunningServer server = await StartAsync(file))
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));

        Assert.Equal(1 << 20, new FileInfo(file).Length);
    }

    [Fact]
    public async Task OfAShareOfNothingNothingIsCaptured()
    {
        string file = Path.Combine(samples.NewDirectory(), "none.capture");
        await using (RunningServer server = await StartAsync(file, share: 0))
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));

        Assert.Equal(0, new FileInfo(file).Length);
    }

    [Theory]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"method\":\"a/b\",\"requ", "line 2: it is no captured call")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"method\":\"a/b\",\"request\":\"/+\"}", "line 2: it is no captured call")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"method\":\"ab\",\"request\":\"\"}", "method is SERVICE/METHOD")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"method\":\"ann.v1.Retrieval/Search\",\"request\":\"////\"}", "its request is no")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"method\":null,\"request\":null}", "line 2: it is no captured call")]
    public void WhatIsNoCaptureIsRefusedByItsLine(string line, string expected)
    {
        string file = Path.Combine(samples.NewDirectory(), "bad.capture");
        File.WriteAllText(file, "{\"time\":\"2026-01-01T00:00:00Z\",\"method\":\"a/b\",\"request\":\"\"}\n" + line);

        AnnException fault = Assert.Throws<AnnException>(() => CaptureReader.Read(PhysicalFileSystem.Instance, file));

        Assert.Contains(file, fault.Message);
        Assert.Contains(expected, fault.Message);
    }

    [Fact]
    public void AFileWithoutLinesTakesNoMoreThanOne()
    {
        string file = Path.Combine(samples.NewDirectory(), "long.capture");
        File.WriteAllText(file, new string('x', 3 << 20));

        AnnException fault = Assert.Throws<AnnException>(() => CaptureReader.Read(PhysicalFileSystem.Instance, file));

        Assert.Contains("line 1: it is longer than", fault.Message);
    }

    private Task<RunningServer> StartAsync(string file, double share = 1) => TextShop.StartAsync(samples, options =>
    {
        options.CaptureFile = file;
        options.CaptureShare = share;
        options.CaptureBytes = 1 << 20;
    });
}
