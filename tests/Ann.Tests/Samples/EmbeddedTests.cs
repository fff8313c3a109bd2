using System.Drawing;
using Ann.Client;
using Ann.Tests.Server;
using Ann.Tests.Tool;

namespace Ann.Tests.Samples;

/// <summary>Goal: the sample of the embedded engine finds what is nearest, and a server serves the directory that it wrote.</summary>
[Collection(typeof(ServerTests))]
public sealed class EmbeddedTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ann-sample-");

    private static readonly Color[] Colours =
        [.. Enum.GetValues<KnownColor>().Select(Color.FromKnownColor).Where(static one => !one.IsSystemColor && one.A == byte.MaxValue)];

    [Fact]
    public async Task WhatItWritesIsServed()
    {
        string first = await RunAsync("#3a7bd5");
        Assert.Equal([.. Nearest(Colours), .. Nearest(Colours.Where(static one => one.GetBrightness() <= 0.4f))], NamesIn(first));
        Assert.Contains($"ann serve --data {_data.FullName}", first, StringComparison.Ordinal);
        Assert.Equal(first, await RunAsync("#3a7bd5")); // opened, not made again

        using ServeProcess server = await ServeProcess.StartAsync(_data.FullName, new Dictionary<string, string>());
        using AnnClient client = new(server.Address);
        using SearchAnswer answer = await client.Index("colours").SearchAsync(new[] { 0x3a / 255f, 0x7b / 255f, 0xd5 / 255f }, k: 5);
        List<string> served = [];
        foreach (AnswerHit hit in answer)
            served.Add(hit.Key);
        Assert.Equal(Nearest(Colours), served);

        string shown = (await ToolRun.RunAsync(
            "recommend", "--address", server.Address, "--index", "colours", "--like", "SteelBlue", "--k", "5")).Expect(0).Out;
        Assert.Equal(6, shown.Split('\n').Count(static line => Colours.Any(one => line.Contains(one.Name, StringComparison.Ordinal))) + 1);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private Task<string> RunAsync(string colour) =>
        SampleProcess.RunAsync("embedded", "Ann.Samples.Embedded", colour, _data.FullName);

    /// <summary>The first words of the lines of answers.</summary>
    private static IEnumerable<string> NamesIn(string output) =>
        from line in output.Split('\n')
        where line.Contains(" distance ", StringComparison.Ordinal)
        select line.Trim().Split(' ')[0];

    /// <summary>By looking at all of them; ties by name, as keys are compared.</summary>
    private static IEnumerable<string> Nearest(IEnumerable<Color> colours) => colours
        .OrderBy(static one => Square(one.R - 0x3a) + Square(one.G - 0x7b) + Square(one.B - 0xd5))
        .ThenBy(static one => one.Name, StringComparer.Ordinal)
        .Take(5)
        .Select(static one => one.Name);

    private static int Square(int x) => x * x;
}
