using System.Drawing;
using Ann.Client;
using Ann.Tests.Server;
using Ann.Tests.Tool;

namespace Ann.Tests.Samples;

/// <summary>Goal: the sample of the embedded engine finds what is nearest, and a server serves the directory that it wrote.</summary>
[Collection(typeof(ServerTests))]
public sealed class EmbeddedTests : IDisposable
{
    private static readonly Color Wanted = Color.FromArgb(0x3a, 0x7b, 0xd5);

    private static readonly Color[] Colours =
        [.. Enum.GetValues<KnownColor>().Select(Color.FromKnownColor).Where(static one => !one.IsSystemColor && one.A == byte.MaxValue)];

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ann-sample-");

    [Fact]
    public async Task WhatItWritesIsServed()
    {
        string first = await RunAsync();
        IEnumerable<Color> dark = Colours.Where(static one => (double)one.GetBrightness() <= 0.4);
        Assert.Equal([.. Nearest(Colours, Wanted), .. Nearest(dark, Wanted)], NamesIn(first));
        Assert.Contains($"ann serve --data {_data.FullName}", first, StringComparison.Ordinal);
        Assert.Equal(first, await RunAsync()); // opened, not made again

        using ServeProcess server = await ServeProcess.StartAsync(_data.FullName, new Dictionary<string, string>());
        using AnnClient client = new(new AnnClientOptions { Address = server.Address, ReadTimeout = TimeSpan.FromMinutes(1) });
        float[] vector = [Wanted.R / 255f, Wanted.G / 255f, Wanted.B / 255f];
        using SearchAnswer answer = await client.Index("colours").SearchAsync(vector, k: 5);
        List<string> served = [];
        foreach (AnswerHit hit in answer)
            served.Add(hit.Key);
        Assert.Equal(Nearest(Colours, Wanted), served);

        string shown = (await ToolRun.RunAsync(
            "recommend", "--address", server.Address, "--index", "colours", "--like", "SteelBlue", "--k", "5")).Expect(0).Out;
        Assert.All(Nearest(Colours.Where(static one => one.Name != "SteelBlue"), Color.SteelBlue), name =>
            Assert.Contains(name, shown, StringComparison.Ordinal));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private Task<string> RunAsync() =>
        SampleProcess.RunAsync("embedded", "Ann.Samples.Embedded", ColorTranslator.ToHtml(Wanted), _data.FullName);

    /// <summary>The first words of the lines of answers.</summary>
    private static IEnumerable<string> NamesIn(string output) =>
        from line in output.Split('\n')
        where line.Contains(" distance ", StringComparison.Ordinal)
        select line.Trim().Split(' ')[0];

    /// <summary>By looking at all of them; ties by name, as keys are compared.</summary>
    private static IEnumerable<string> Nearest(IEnumerable<Color> colours, Color to) => colours
        .OrderBy(one => Square(one.R - to.R) + Square(one.G - to.G) + Square(one.B - to.B))
        .ThenBy(static one => one.Name, StringComparer.Ordinal)
        .Take(5)
        .Select(static one => one.Name);

    private static int Square(int x) => x * x;
}
