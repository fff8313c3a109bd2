using System.Globalization;
using Ann.Protocol.V1;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>
/// Holds an index to the model while nothing is written: every item, its row and attributes; answers of an exact search, which are those
/// of a plain loop; and how many of those a usual search finds.
/// </summary>
/// <param name="channel">To the server.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="seed">Of the run.</param>
internal sealed class SoakAudit(GrpcChannel channel, SoakTally tally, int seed)
{
    private const int Queries = 10;
    private const int Page = 1000;
    private const int MostAsked = 10_000;

    private static readonly int[] Sizes = [10, 100, 1000];

    private readonly Random _random = SoakItem.Chance(seed, 0, 5);
    private readonly Retrieval.RetrievalClient _retrieval = new(channel);
    private readonly Dictionary<string, List<double>> _recall = [];

    /// <summary>Holds all of it.</summary>
    /// <param name="items">What the model has.</param>
    public async Task RunAsync(SoakItem[] items)
    {
        await HoldItemsAsync(items);
        foreach (int k in Sizes)
            await HoldAnswersAsync(string.Create(CultureInfo.InvariantCulture, $"k {k}"), items, k, null, static _ => true);
        (Filter filter, Func<SoakItem, bool> takes) = SoakRules.OfGroup(_random);
        await HoldAnswersAsync("k 10, filter", items, 10, filter, takes);
    }

    /// <summary>By kind of search the mean recall of each audit.</summary>
    public IReadOnlyDictionary<string, List<double>> Recall => _recall;

    /// <summary>An answer that was not spared work: the load before has left the ladder on some step, which it comes down from.</summary>
    private async Task<SearchResponse?> UnsparedAsync(SearchRequest request)
    {
        for (int asked = 0; asked < MostAsked; asked++)
        {
            SearchResponse? answer = await tally.RunAsync(
                "audit, search", async () => await _retrieval.SearchAsync(request, deadline: SoakReader.Due));
            if (answer is null or { Completeness: Completeness.Complete })
                return answer;
        }
        tally.Fault($"audit: the server spares work although nobody else has asked {MostAsked} times");
        return null;
    }

    private async Task HoldItemsAsync(SoakItem[] items)
    {
        ScrollRequest request = new() { Index = SoakReader.Index, Limit = Page, WithVectors = true, Attributes = { "group", "price" } };
        int at = 0;
        while (true)
        {
            ScrollResponse? page = await tally.RunAsync(
                "audit, scroll", async () => await _retrieval.ScrollAsync(request, deadline: SoakReader.Due));
            if (page is null)
                return;
            for (int i = 0; i < page.Keys.Numbers.Count; i++, at++)
            {
                SoakItem? item = at < items.Length ? items[at] : null;
                if (item is null || item.Key != page.Keys.Numbers[i])
                {
                    tally.Fault($"audit: item {at} has key {page.Keys.Numbers[i]}; acknowledged is {item}");
                    return;
                }
                ReadOnlySpan<byte> row = page.Vectors.Data.Span.Slice(4 * SoakItem.Dimension * i, 4 * SoakItem.Dimension);
                bool isSame = row.SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(item.Row))
                    && page.Attributes[1].Integers[i] == item.Price && page.Attributes[0].Keywords[i] == (item.Group ?? "");
                tally.Require(isSame, "audit", () => $"key {item.Key} is not its version {item.Version}");
            }
            if (page.Keys.Numbers.Count < Page)
                break;
            request.After = LiveCalls.Keys(page.Keys.Numbers[^1]);
        }
        tally.Require(at == items.Length, "audit", () => $"{at} items; acknowledged are {items.Length}");
    }

    private async Task HoldAnswersAsync(string kind, SoakItem[] items, int k, Filter? filter, Func<SoakItem, bool> takes)
    {
        double recall = 0;
        for (int i = 0; i < Queries; i++)
        {
            float[] query = SoakItem.Query(_random);
            double[] nearest = [.. items.Where(takes).Select(item => SoakItem.Distance(query, item.Row)).Order().Take(k)];
            SearchRequest request = new() { Index = SoakReader.Index, K = (uint)k, Queries = RunningServer.Bytes(query), Filter = filter };
            SearchResponse? usual = await UnsparedAsync(request);
            request.Exact = true;
            SearchResponse? exact = await tally.RunAsync(
                "audit, exact search", async () => await _retrieval.SearchAsync(request, deadline: SoakReader.Due));
            if (usual is null || exact is null)
                return;
            tally.Require(
                exact.Scores.Count == nearest.Length
                    && exact.Scores.Zip(nearest).All(static two => Math.Abs(two.First - two.Second) < 1e-3),
                "audit", () => $"an exact search of {kind} differs from a plain loop over {items.Length} items");
            // By distance, so that items equally far count alike.
            recall += usual.Scores.Count(score => score <= nearest[^1] + 1e-4) / (double)nearest.Length / Queries;
        }
        if (!_recall.TryGetValue(kind, out List<double>? all))
            _recall[kind] = all = [];
        all.Add(recall);
    }
}
