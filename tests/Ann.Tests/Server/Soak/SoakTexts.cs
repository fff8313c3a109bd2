using Ann.Protocol.V1;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>A caller that writes and asks texts, which the embedded encoder of the server makes vectors of.</summary>
/// <param name="channel">To the server.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="seed">Of the run.</param>
internal sealed class SoakTexts(GrpcChannel channel, SoakTally tally, int seed)
{
    private const string Index = "texts";
    private const string Encoder = "default";

    private static readonly string[] Colours = ["red", "green", "blue", "white", "black"];
    private static readonly string[] Things = ["kettle", "wool sock", "desk lamp", "garden hose", "wireless mouse", "tea cup", "bell"];

    private static readonly string[] Texts = [.. Colours.SelectMany(static colour => Things.Select(thing => $"{colour} {thing}"))];

    private readonly Random _random = SoakItem.Chance(seed, 0, 4);
    private readonly Retrieval.RetrievalClient _retrieval = new(channel);
    private readonly Ingest.IngestClient _ingest = new(channel);

    /// <summary>Makes the index.</summary>
    public async Task CreateAsync()
    {
        Protocol.V1.Indexes.IndexesClient indexes = new(channel);
        HostedEncoder encoder = (await indexes.ListAsync(new ListRequest())).Encoders.Single(static one => one.Name == Encoder);
        await indexes.CreateAsync(new CreateRequest
        {
            Index = Index,
            Dimension = encoder.Dimension,
            Metric = Metric.Cosine,
            EncoderFingerprint = encoder.Fingerprint,
            EncoderName = Encoder,
        });
        await PutAsync([.. Enumerable.Range(0, Texts.Length)]);
    }

    /// <summary>Asks, and now and then writes, until it is told to end.</summary>
    public async Task RunAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            int text = _random.Next(Texts.Length);
            if (_random.Next(5) == 0)
            {
                await PutAsync([text]);
                continue;
            }
            SearchRequest request = new() { Index = Index, K = 3, Texts = { Texts[text] } };
            SearchResponse? answer = await tally.RunAsync(
                "search, text", async () => await _retrieval.SearchAsync(request, deadline: SoakReader.Due));
            if (answer is not null)
            {
                tally.Require(
                    answer.Keys.Numbers.Count == 3 && answer.Keys.Numbers[0] == (ulong)text, "search, text",
                    () => $"'{Texts[text]}' has key {text}; found {answer.Keys}");
            }
        }
    }

    private async Task PutAsync(int[] texts)
    {
        EmbedRequest embed = new() { Index = Index, Texts = { texts.Select(static text => Texts[text]) }, Role = TextRole.Document };
        if (await tally.RunAsync("embed", async () => await _retrieval.EmbedAsync(embed, deadline: SoakReader.Due)) is not { } embedded)
            return;
        UpsertRequest upsert = new()
        {
            Index = Index,
            Keys = LiveCalls.Keys([.. texts.Select(static text => (ulong)text)]),
            Vectors = embedded.Vectors,
            EncoderFingerprint = embedded.EncoderFingerprint,
        };
        await tally.RunAsync("upsert, embedded", async () => await _ingest.UpsertAsync(upsert, deadline: SoakReader.Due));
    }
}
