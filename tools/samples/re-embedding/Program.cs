// A live index changes from one encoder to another while it is searched: all items are encoded anew, built, attached, measured, promoted.
using System.Text.Json;
using Ann.Client;
using Ann.Protocol.V1;
using Ann.Samples.ReEmbedding;
using Ann.Samples.Shared;

const string OldEncoder = "minilm", NewEncoder = "arctic-xs", Release = "lines-next.release";
const double MinRecall = 0.95;

bool rollsBack = args.Contains("--roll-back");
string items = args.FirstOrDefault(static word => word != "--roll-back") ?? Path.Combine(AppContext.BaseDirectory, "notes.jsonl");
DirectoryInfo folder = Directory.CreateTempSubdirectory("re-embedding-");
DirectoryInfo imports = folder.CreateSubdirectory("imports");

await using (LocalServer server = await LocalServer.StartAsync(
    "--data", Path.Combine(folder.FullName, "data"), "--imports", imports.FullName, "--encoder", OldEncoder))
{
    using AnnClient client = new(new AnnClientOptions { Address = server.Address, ReadTimeout = TimeSpan.FromSeconds(30) });
    IndexClient index = client.Index("lines");
    Line[] lines = [.. File.ReadLines(items).Select(static line => JsonSerializer.Deserialize<Line>(line, JsonSerializerOptions.Web)!)];
    await WriteOldAsync(client, index, lines);
    ulong position = (await index.DescribeAsync()).Log.Durable; // what is encoded below knows of the writes up to here
    Tell($"1. {lines.Length} items are served, encoded by {OldEncoder}; searches begin and do not stop");

    await using Searcher searcher = Searcher.Start(index, [.. lines.Select(static line => line.Text)]);
    Tell($"2. encoding all items with {NewEncoder}, and building an index of them");
    await LocalServer.RunToolAsync(
        "release", "build", items, "--encoder", NewEncoder, "--metric", "cosine", "--min-recall", $"{MinRecall}",
        "--output", Path.Combine(imports.FullName, Release));

    AttachRequest attach = new() { Index = index.Name, File = Release, LogPosition = position };
    GenerationFacts next = (await client.Indexes.AttachAsync(attach)).Generation;
    Tell($"3. attached as generation {next.Id}: {next.Items} items, {next.MissedKeys} writes missed");

    double overlap = await OverlapAsync(index, client.Index($"{index.Name}@{next.Id}"), lines);
    PromoteRequest promote = new() { Index = index.Name, Generation = next.Id, MinRecall = MinRecall };
    PromotionFacts facts = (await client.Indexes.PromoteAsync(promote)).Promotion;
    Tell($"4. measured: recall {facts.Recall:0.000}, p99 {facts.P99Ms:0.00} ms, {overlap:P0} of the old answers; promoted");
    await searcher.SeeAsync(facts.Serving);

    if (rollsBack || AsksToRollBack())
    {
        PromotionFacts back = (await client.Indexes.RollbackAsync(new RollbackRequest { Index = index.Name })).Promotion;
        Tell($"5. rolled back to generation {back.Serving}");
        await searcher.SeeAsync(back.Serving);
    }
    Tell(await searcher.StopAsync());
}
folder.Delete(recursive: true);

// Which share of what was found is still found: two encoders that are both good agree in part.
static async Task<double> OverlapAsync(IndexClient old, IndexClient next, Line[] lines)
{
    int same = 0, all = 0;
    foreach (Line line in lines.Take(50))
    {
        using SearchAnswer before = await old.SearchAsync(line.Text, k: 10), after = await next.SearchAsync(line.Text, k: 10);
        same += before.NumberKeys.ToArray().Intersect(after.NumberKeys.ToArray()).Count();
        all += before.Count;
    }
    return (double)same / all;
}

static void Tell(string text) => Console.WriteLine(text);

static bool AsksToRollBack()
{
    if (Console.IsInputRedirected)
        return false;
    Console.Write("Roll back? [y/N] ");
    return Console.ReadLine() is "y" or "Y";
}

// The live index that there is before: rows of the old encoder.
static async Task WriteOldAsync(AnnClient client, IndexClient index, Line[] lines)
{
    HostedEncoder encoder = (await client.Indexes.ListAsync(new ListRequest())).Encoders.Single(static one => one.Name == OldEncoder);
    await client.Indexes.CreateAsync(new CreateRequest
    {
        Index = index.Name,
        Dimension = encoder.Dimension,
        Metric = Metric.Cosine,
        EncoderName = encoder.Name,
        EncoderFingerprint = encoder.Fingerprint,
    });
    ItemBatch batch = new();
    foreach (Line[] some in lines.Chunk(64))
    {
        EmbedResponse rows = await index.EmbedAsync(some.Select(static line => line.Text), areDocuments: true);
        for (int i = 0; i < some.Length; i++)
            batch.Add(some[i].Id, rows.Vectors.RowAt(i));
        await index.UpsertAsync(batch);
    }
}

/// <summary>A line of the file.</summary>
internal sealed record Line(ulong Id, string Text);
