using System.Text.RegularExpressions;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: the examples of the help, and the commands of the README in their order, do what they promise.</summary>
public sealed partial class ExamplesRunTests
{
    /// <summary>Examples that are only parsed, by how they begin, and why.</summary>
    private static readonly (string Start, string Reason)[] OnlyParsed =
    [
        ("ann demo", "has tests of its own, and takes long"),
        ("ann sample", "has tests of its own"),
        ("ann encode --input items.jsonl --output items.npy --encoder", "wants a model, and a GPU"),
        ("ann encode --input item_ids.npy", "wants a model"),
        ("ann encode --input - ", "wants something piped in"),
        ("ann encoder", "wants a model"),
        ("ann release", "wants a model"),
        ("ann build --input items.jsonl", "wants vectors in the lines"),
        ("ann serve", "does not end by itself"),
        ("ann load", "runs for half a minute"),
        ("ann health --config", "wants the settings of a server that runs"),
        ("ann keys", "has tests of its own; ids of keys are made by chance"),
        ("ann replay", "wants a file of slow queries"),
        ("ann top", "wants the server's port for operators"),
        ("ann attach", "wants a generation: the README's commands do it"),
        ("ann detach", "wants a generation"),
        ("ann promote", "wants a generation: the README's commands do it"),
        ("ann rollback", "wants two generations: the README's commands do it"),
        ("ann drop", "is run last"),
        ("ann restore", "is run last"),
        ("ann import --index shop --input gone", "wants another file"),
        ("ann convert items", "wants a file of each format; every pair has tests of its own"),
        ("ann convert --from hnswlib", "wants a file of that engine"),
        ("ann convert --from usearch", "wants a file of that engine"),
        ("ann truth", "has tests of its own"),
        ("ann tune", "takes long"),
        ("ann diff", "wants two files"),
        ("ann eval --qrels", "wants judged texts"),
        ("ann eval --index items.ann --queries users.jsonl", "wants what users took"),
        ("ann verify items.ann --min-recall", "wants more items than there are here"),
        ("ann capture", "wants a capture"),
        ("ann completion", "would write to the user's own folders"),
    ];

    [Fact]
    public async Task TheExamplesOfTheHelpRun()
    {
        await using ExampleFolder here = new();
        here.WriteItems("items.jsonl", 70);
        here.Write("seen.txt", "m-1\nm-2\n");
        here.Write("ann.json", """{ "Ann": { "DrainSeconds": "20s" } }""");
        here.Write("old.hnsw", new HnswNetBytes { Nodes = HnswNetBytes.Ring(HnswNetBytes.Vectors(30, 8, seed: 1)) }.ToArray());
        here.Write("products.csv.gz", "sku,name,description\np-1,Mouse,wireless\np-2,Keyboard,\n");
        string values = string.Join(',', Enumerable.Repeat(1, 256));
        here.Write("searches.jsonl", $"{{\"queries\": {{\"values\": [{values}]}}, \"k\": 5}}\n");
        (await here.RunAsync("ann encode --input items.jsonl --output queries.npy --attributes "
            + "category:keyword,tags:keywords,price:double,brand:keyword,since:timestamp")).Expect(0);
        Directory.CreateDirectory(here["var/lib/ann"]);
        (await here.RunAsync("ann build --input queries.npy --metric cosine --output var/lib/ann/items.ann")).Expect(0);
        await here.ServeAsync("--data", "/var/lib/ann", "--snapshots", "snapshots");
        (await here.RunAsync("ann set append --index items --set seen:user:42 --keys m-1")).Expect(0);
        ToolContext world = new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };
        string[] examples = [.. CommandsTests.ExamplesOf(CommandLine.Root(world))];

        // What is made first is what others read.
        foreach (string example in examples.Where(IsRun).OrderBy(static one => one.Contains("--from snapshots", StringComparison.Ordinal)))
        {
            if (example.StartsWith("ann create", StringComparison.Ordinal))
                await here.RunAsync("ann drop --index shop"); // each example begins with no such index
            if (example.StartsWith("ann import", StringComparison.Ordinal))
                await FillAsync(here);
            ToolRun run = await here.RunAsync(example);
            Assert.True(run.Code == 0, $"{example}\n{run.Out}\n{run.Error}");
        }
        (await here.RunAsync("ann drop --index shop")).Expect(0);
        await here.StopAsync();
        (await here.RunAsync("ann restore --from snapshots/shop-monday --data /var/lib/ann --name shop")).Expect(0);

        Assert.All(OnlyParsed, skipped => Assert.Contains(examples, one => one.StartsWith(skipped.Start, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TheReadmesCommandsRunInTheirOrder()
    {
        string readme = File.ReadAllText(Path.Combine(TidyTests.Root, "README.md"));
        await using ExampleFolder here = new();
        here.Write("items.jsonl", Items().Match(readme).Groups[1].Value);
        Directory.CreateDirectory(here["data"]);
        List<string> verbs = await RunAllAsync(here, readme);
        Assert.Superset(
            new HashSet<string>
            {
                "demo", "tune", "build", "verify", "serve", "create", "attach", "promote", "query", "load", "describe", "encode", "import",
                "eval", "explain",
            },
            verbs.ToHashSet());
    }

    [Fact]
    public async Task TheCommandsOfTuningRunInTheirOrder()
    {
        await using ExampleFolder here = new();
        here.WriteItems("items.jsonl", 70);
        (await here.RunAsync("ann encode --input items.jsonl --output items.npy")).Expect(0);
        File.Delete(here["items.npy.keys.jsonl"]); // rows of the truth are keys then
        File.Copy(here["items.npy"], here["queries.npy"]);
        Directory.CreateDirectory(here["data"]);
        (await here.RunAsync("ann build --input items.npy --metric cosine --output data/items.ann")).Expect(0);

        List<string> verbs = await RunAllAsync(here, File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "tuning.md")));

        string[] told = ["build", "eval", "info", "serve", "load", "describe", "info", "query", "load"];
        Assert.Equal(told, verbs);
    }

    /// <summary>Runs a document's commands one after another, and gives their verbs.</summary>
    private static async Task<List<string>> RunAllAsync(ExampleFolder here, string document)
    {
        List<string> verbs = [];
        foreach (string[] words in ShellCommands.BlocksOf(document).SelectMany(static block => ShellCommands.Of(block, ["ann"])))
        {
            verbs.Add(words[0]);
            if (words[0] == "serve")
            {
                await here.ServeAsync(words[1..]);
                continue;
            }
            string[] shorter = words[0] switch
            {
                "load" => ["--duration", "1s"],
                "demo" => ["--items", "400"],
                "tune" => ["--budget", "60s"],
                _ => [],
            };
            ToolRun run = await here.RunAsync(words, shorter);
            // A machine that is busy with other tests may not keep the rate of a load; that verdict is no fault of the command.
            Assert.True(run.Code == 0 || (run.Code == 1 && words[0] == "load"), $"ann {string.Join(' ', words)}\n{run.Out}\n{run.Error}");
        }
        return verbs;
    }

    /// <summary>An index that takes the file that the examples import, whatever it was created for.</summary>
    private static async Task FillAsync(ExampleFolder here)
    {
        await here.RunAsync("ann drop --index shop");
        (await here.RunAsync(
            "ann create --index shop --dim 256 --metric cosine --key-type string --attributes category:keyword,price:double "
            + "--encoder-fingerprint 6643ba7e80755d93")).Expect(0);
    }

    private static bool IsRun(string example) => !OnlyParsed.Any(one => example.StartsWith(one.Start, StringComparison.Ordinal));

    [GeneratedRegex("<<'END'\n([\\s\\S]*?)^END", RegexOptions.Multiline)]
    private static partial Regex Items();
}
