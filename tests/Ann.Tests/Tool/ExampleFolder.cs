using System.Globalization;
using System.Text.Json;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>
/// A folder in which commands of documents are run as if it were the current one, and the server that they speak to. Commands keep all of
/// their words, but that names of files lead here, and <c>--address</c> to that server.
/// </summary>
internal sealed class ExampleFolder : IAsyncDisposable
{
    private static readonly string[] PathOptions =
    [
        "--input", "--output", "--queries", "--show", "--data", "--snapshots", "--from", "--truth", "--vector-file", "--config", "--like",
        "--batch", "--write-truth", "--keep", "--base", "--report",
    ];

    private readonly TemporaryFolder _folder = new();
    private Serving? _server;

    /// <summary>A path in the folder.</summary>
    public string this[string name] => _folder[name];

    public string Write(string name, string text) => _folder.Write(name, text);

    public void Write(string name, byte[] bytes) => _folder.Write(name, bytes);

    /// <summary>Items with attributes as the examples ask for them.</summary>
    public void WriteItems(string name, int count)
    {
        string[] titles = ["trail shoes, waterproof", "tents for two", "wireless mouse", "usb hub", "boots of leather"];
        string[] categories = ["shoes", "tents", "mice", "hubs", "boots"];
        using StreamWriter lines = new(this[name]);
        for (int i = 0; i < count; i++)
        {
            string kind = (i % titles.Length).ToString(CultureInfo.InvariantCulture);
            lines.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["id"] = $"m-{i}",
                ["title"] = $"{titles[i % titles.Length]}, number {i}",
                ["category"] = categories[i % titles.Length],
                ["tags"] = new[] { "new", kind },
                ["price"] = 10 + (i % 60),
                ["brand"] = $"brand-{i % 7}",
                ["since"] = "2026-01-01T00:00:00Z",
            }));
        }
    }

    /// <summary>Starts <c>ann serve</c> with these options.</summary>
    public async Task ServeAsync(params string[] args) => _server = await Serving.StartAsync([.. args.Select((_, i) => Here(args, i))]);

    public async Task StopAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Runs a command.</summary>
    /// <param name="words">Without <c>ann</c>.</param>
    /// <param name="more">Options beyond those of the example.</param>
    public Task<ToolRun> RunAsync(string[] words, params string[] more)
    {
        string[] args = [.. words.Select((_, i) => Here(words, i)), .. more];
        bool asksServer = CommandLine.Root(new ToolContext { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = "" })
            .Parse(args, CommandLine.Parsing).CommandResult.Command.Options
            .Any(static option => option is { Name: "--address", Hidden: false });
        return ToolRun.RunAsync(asksServer ? [.. args, "--address", _server!.Address] : args);
    }

    /// <summary>Runs an example of the help.</summary>
    public Task<ToolRun> RunAsync(string example) => RunAsync(Assert.Single(ShellCommands.Of(example, ["ann"])));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private string Here(string[] words, int i)
    {
        string word = words[i];
        string before = i == 0 ? "" : words[i - 1];
        bool isFile = (PathOptions.Contains(before) && word != "hnsw.net") || before == "hnsw.net"
            || (before is "--index" or "verify" or "info" or "serve" && word.EndsWith(".ann", StringComparison.Ordinal));
        if (word.StartsWith('@'))
            return "@" + this[word[1..]];
        return isFile ? this[word.TrimStart('/')] : word;
    }
}
