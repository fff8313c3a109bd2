using System.Net;
using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Server.Web;
using Ann.Tests.House;
using Ann.Tests.Tool;
using AttributeType = Ann.Protocol.V1.AttributeType;
using KeyColumn = Ann.Core.Keys.KeyColumn;
using KeyKind = Ann.Core.Keys.KeyKind;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: what engine/docs/rest.md shows can be typed as it stands, from its first line to its last.</summary>
[Collection(typeof(ServerTests))]
public sealed class RestExamplesTests(SampleIndexes samples)
{
    private const string Told = "http://127.0.0.1:50080";
    private const string Variable = "$GENERATION";

    [Fact]
    public async Task EveryCommandOfTheDocumentRuns()
    {
        string imports = samples.NewDirectory();
        BuildNext(Path.Combine(imports, "next.ann"));
        await using WebServer web = await WebServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.DataDirectory = samples.NewDirectory();
            options.ImportDirectory = imports;
            options.EmbeddedEncoder = true;
            options.EncoderCacheDirectory = ToolRun.CacheDirectory;
        });
        string page = await File.ReadAllTextAsync(Path.Combine(TidyTests.Root, "engine", "docs", "rest.md"));
        string[][] commands = [.. ShellCommands.BlocksOf(page).SelectMany(static script => ShellCommands.Of(script, ["curl"]))];
        string generation = "";
        List<Answer> answers = [];

        foreach (string[] words in commands)
        {
            Answer answer = await RunAsync(
                web, [.. words.Select(word => word.Replace(Variable, generation, StringComparison.Ordinal))]);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{string.Join(' ', words)}: {answer.Text}");
            answers.Add(answer);
            if (words.Any(static word => word.EndsWith(":attach", StringComparison.Ordinal)))
                generation = answer.Json.GetProperty("generation").GetProperty("id").GetString()!;
        }

        Assert.True(commands.Length >= 16, "few commands were found");
        JsonElement found = answers[2].Json.GetProperty("keys").GetProperty("numbers");
        Assert.Equal(["2", "1"], found.EnumerateArray().Select(static key => key.GetString()));
        Assert.Contains(answers, answer => answer.Text.Contains($"\"serving\":\"{generation}\"", StringComparison.Ordinal));
        Assert.Empty(web.Server.Host.Indexes.Indexes);
    }

    private static Task<Answer> RunAsync(WebServer web, string[] words)
    {
        HttpMethod method = HttpMethod.Get;
        string path = "";
        string? body = null;
        List<(string Name, string Value)> headers = [];
        for (int i = 0; i < words.Length; i++)
        {
            switch (words[i])
            {
                case "-X":
                    method = new HttpMethod(words[++i]);
                    break;
                case "-d":
                    body = words[++i];
                    break;
                case "-H":
                    string[] header = words[++i].Split(": ", 2);
                    if (header[0] == RestDeadline.Header)
                        headers.Add((header[0], "600")); // a machine with other work may take longer than a document says
                    else if (header[0] != "Content-Type")
                        headers.Add((header[0], header[1]));
                    break;
                default:
                    Assert.StartsWith(Told, words[i], StringComparison.Ordinal);
                    path = words[i][Told.Length..];
                    break;
            }
        }
        return web.SendAsync(method, path, body, [.. headers]);
    }

    private static void BuildNext(string path)
    {
        Core.Attributes.AttributeSchema schema = WireAttributes.ReadSchema(
        [
            new AttributeField { Name = "category", Type = AttributeType.Keyword },
            new AttributeField { Name = "price", Type = AttributeType.Double },
        ]);
        const int Count = 20;
        using SegmentBuilder builder = new(Count, 3, new SegmentBuildOptions { Metric = Core.Metric.Cosine, Attributes = schema });
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 1; i <= Count; i++)
        {
            builder.Add([1, i, i * i]);
            keys.Add((ulong)i);
        }
        AttributeColumn[] columns =
        [
            new() { Name = "category", Keywords = { Enumerable.Repeat("tea", Count) } },
            new() { Name = "price", Doubles = { Enumerable.Repeat(4.5, Count) } },
        ];
        builder.AddAttributes(WireAttributes.Read(columns, schema, Count)!);
        builder.Build(keys);
        builder.Write(PhysicalFileSystem.Instance, path);
    }
}
