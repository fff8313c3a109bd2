using Ann.Client;
using Ann.Protocol.V1;
using Microsoft.Extensions.Options;

namespace Ann.Samples.RankingService;

/// <summary>Settings of the feed, section <c>Feed</c>.</summary>
internal sealed class FeedOptions
{
    public string Index { get; set; } = "home-feed";

    public int Items { get; set; } = 4_000;

    /// <summary>
    /// How long the search may take: then it answers with the best that it has found. Patient, for a machine that compiles meanwhile; a
    /// service has 20 ms.
    /// </summary>
    public TimeSpan SearchTime { get; set; } = TimeSpan.FromMilliseconds(500);
}

/// <summary>Makes home feeds: user tower, search, ranker.</summary>
internal sealed class HomeFeed(AnnClient client, Catalogue catalogue, IOptions<FeedOptions> options, TimeProvider time)
{
    private const int Candidates = 48;
    private const int Shown = 24;
    private const int NewDays = 7;
    private const int NewItems = 12;
    private const int MostOfCategory = 8;
    private const int MostOfBrand = 12;
    private const int MostDays = 90;
    private const double MostPrice = 1_000;

    private readonly IndexClient _index = client.Index(options.Value.Index);

    public async Task<FeedPage> MakeAsync(Shopper shopper, double? maxPrice, int? perCategory, CancellationToken cancel)
    {
        long start = time.GetTimestamp();
        float[] user = Towers.OfShopper(shopper.Opened);
        long encoded = time.GetTimestamp();

        SearchQuery query = QueryOf(user, shopper, maxPrice, perCategory, options.Value.SearchTime);
        using SearchAnswer answer = await _index.SearchAsync(query, cancel);
        AnswerColumn price = answer.Column("price"), added = answer.Column("added");
        List<Candidate> candidates = [];
        foreach (AnswerHit hit in answer)
        {
            if (catalogue.Find(hit.NumberKey) is { } item)
                candidates.Add(new(item, hit.Position, hit.Score, price.DoubleAt(hit.Position)!.Value, added.TimeAt(hit.Position)!.Value));
        }
        long searched = time.GetTimestamp();

        RankedItem[] ranked = Ranker.Rank(candidates, shopper, time.GetUtcNow());
        long done = time.GetTimestamp();
        return new FeedPage
        {
            Items = [.. ranked.Take(Shown)],
            Opened = [.. shopper.Opened.Select(static item => new { item.Key, item.Title, item.Category, item.Colour })],
            Candidates = candidates.Count,
            Matching = answer.Stats.Matching,
            HeldBack = answer.Quotas.Where(static quota => quota.QuotaCase == QuotaFact.QuotaOneofCase.Cap)
                .ToDictionary(static quota => quota.Value, static quota => quota.Count),
            Completeness = $"{answer.Completeness}",
            TowerMs = time.GetElapsedTime(start, encoded).TotalMilliseconds,
            SearchMs = time.GetElapsedTime(encoded, searched).TotalMilliseconds,
            ServerMs = answer.Stats.SearchUs / 1000.0,
            RankerMs = time.GetElapsedTime(searched, done).TotalMilliseconds,
        };
    }

    /// <summary>Makes some feeds that nobody waits for, so that all code is compiled when somebody does.</summary>
    public async Task WarmUpAsync(Shopper shopper)
    {
        SearchQuery query = QueryOf(Towers.OfShopper(shopper.Opened), shopper, null, null, TimeSpan.FromSeconds(30));
        for (int i = 0; i < 20; i++)
            (await _index.SearchAsync(query)).Dispose();
    }

    /// <summary>What a shopper has seen does not come again for a month, in any search that names the set.</summary>
    /// <returns>How many it is now.</returns>
    public Task<ulong> MarkSeenAsync(string shopper, ulong[] keys, CancellationToken cancel) =>
        _index.AppendToSetAsync(SeenBy(shopper), keys, TimeSpan.FromDays(30), cancel);

    /// <returns>How many it was.</returns>
    public Task<ulong> ForgetSeenAsync(string shopper, CancellationToken cancel) => _index.DropSetAsync(SeenBy(shopper), cancel);

    private SearchQuery QueryOf(float[] user, Shopper shopper, double? maxPrice, int? perCategory, TimeSpan searchTime)
    {
        DateTimeOffset now = time.GetUtcNow();
        return new SearchQuery
        {
            Vectors = user,
            K = Candidates,
            Filter = ItemFilter.Is("in_stock", true) & ItemFilter.Range("added", from: now.AddDays(-MostDays))
                & ItemFilter.Range("price", to: maxPrice ?? MostPrice),
            ExcludeSets = [SeenBy(shopper.Id)],
            Caps = [("category", perCategory ?? MostOfCategory), ("brand", MostOfBrand)],
            Floors = [(ItemFilter.Range("added", from: now.AddDays(-NewDays)), NewItems)],
            Attributes = ["price", "added"],
            Timeout = searchTime,
        };
    }

    private static string SeenBy(string shopper) => $"seen:{shopper}";
}

/// <summary>What the page shows. Times are milliseconds; <see cref="ServerMs"/> is a part of <see cref="SearchMs"/>.</summary>
internal sealed record FeedPage
{
    public required IReadOnlyList<RankedItem> Items { get; init; }

    public required IReadOnlyList<object> Opened { get; init; }

    public required int Candidates { get; init; }

    public required ulong Matching { get; init; }

    /// <summary>How many nearer items a cap kept out, by the value that was full.</summary>
    public required IReadOnlyDictionary<string, uint> HeldBack { get; init; }

    /// <summary>Whether the deadline came first, or something else left the list short: a word of the protocol.</summary>
    public required string Completeness { get; init; }

    public required double TowerMs { get; init; }

    public required double SearchMs { get; init; }

    public required double ServerMs { get; init; }

    public required double RankerMs { get; init; }
}
