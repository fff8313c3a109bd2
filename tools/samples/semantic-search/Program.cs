// Finds the lines of a JSONL file by what they mean: text in, the best lines out.
using System.Text.Json;
using Ann.Client;
using Ann.Protocol.V1;
using Ann.Samples.Shared;

const string Encoder = "minilm";

(string file, string[] words) = args is ["--file", string named, .. string[] rest]
    ? (named, rest)
    : (Path.Combine(AppContext.BaseDirectory, "notes.jsonl"), args);
Dictionary<ulong, string> lines = File.ReadLines(file)
    .Select(static line => JsonSerializer.Deserialize<Line>(line, JsonSerializerOptions.Web)!)
    .ToDictionary(static line => line.Id, static line => line.Text);

DirectoryInfo data = Directory.CreateTempSubdirectory("semantic-search-");
await using (LocalServer server = await LocalServer.StartAsync("--data", data.FullName, "--encoder", Encoder))
{
    using AnnClient client = new(new AnnClientOptions { Address = server.Address, ReadTimeout = TimeSpan.FromSeconds(30) });
    IndexClient index = client.Index("lines");
    await WriteAsync(client, index);

    if (words.Length > 0)
        await ShowAsync(index, string.Join(' ', words));
    else
        for (Console.Write("? "); Console.ReadLine() is { Length: > 0 } text; Console.Write("? "))
            await ShowAsync(index, text);
}
data.Delete(recursive: true);

// Makes an index for the vectors of the encoder, and fills it.
async Task WriteAsync(AnnClient client, IndexClient index)
{
    HostedEncoder encoder = (await client.Indexes.ListAsync(new ListRequest())).Encoders.Single(static one => one.Name == Encoder);
    await client.Indexes.CreateAsync(new CreateRequest
    {
        Index = index.Name,
        Dimension = encoder.Dimension,
        Metric = Metric.Cosine,
        EncoderName = encoder.Name,
        EncoderFingerprint = encoder.Fingerprint,
    });
    ItemBatch batch = new();
    foreach (KeyValuePair<ulong, string>[] some in lines.Chunk(64))
    {
        EmbedResponse rows = await index.EmbedAsync(some.Select(static line => line.Value), areDocuments: true);
        for (int i = 0; i < some.Length; i++)
            batch.Add(some[i].Key, rows.Vectors.RowAt(i));
        await index.UpsertAsync(batch);
    }
}

async Task ShowAsync(IndexClient index, string text)
{
    using SearchAnswer answer = await index.SearchAsync(text, k: 5);
    foreach (AnswerHit hit in answer)
        Console.WriteLine($"  {hit.Score:0.00}  {lines[hit.NumberKey]}");
    Console.WriteLine();
}

/// <summary>A line of the file.</summary>
internal sealed record Line(ulong Id, string Text);
