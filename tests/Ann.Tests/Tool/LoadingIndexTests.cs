using Ann.Tests.Server;

namespace Ann.Tests.Tool;

/// <summary>Goal: who asks too early, or for what is not there, is told so, and no argument is blamed.</summary>
[Collection(typeof(ServerTests))]
public sealed class LoadingIndexTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("recommend --like item-3")]
    [InlineData("explain --key item-3 --text x")]
    [InlineData("scroll --limit 3")]
    [InlineData("set append --set seen --keys item-3")]
    [InlineData("query --text x")]
    public async Task ALoadingIndexIsToldAsLoading(string line)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, load: false);

        ToolRun run = await ToolRun.RunAsync([.. line.Split(' '), "--index", "named", "--address", server.Host.Address]);

        run.ExpectRefusal("index 'named' is loading");
    }

    [Fact]
    public async Task ADamagedIndexIsToldAsSuch()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            samples, options => options.IndexFiles.Add(samples.Damaged("broken")));
        server.Log.Expect("broken");

        ToolRun run = await ToolRun.RunAsync("recommend", "--like", "item-3", "--index", "broken", "--address", server.Host.Address);

        run.ExpectRefusal("index 'broken' cannot be served: ");
    }

    [Fact]
    public async Task AnUnknownNameListsThoseThatThereAre()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        ToolRun run = await ToolRun.RunAsync("recommend", "--like", "item-3", "--index", "nmaed", "--address", server.Host.Address);

        run.ExpectRefusal("No index is named 'nmaed'; there are named, plain.");
    }
}
