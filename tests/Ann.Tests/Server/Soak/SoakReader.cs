using Ann.Protocol.V1;
using Grpc.Net.Client;
using WireExclude = Ann.Protocol.V1.Exclusions;

namespace Ann.Tests.Server.Soak;

/// <summary>
/// A caller that reads in every way there is, one call after another, and holds each answer to what was acknowledged: what nobody has
/// written since the call began must be in it, or not, as the model says.
/// </summary>
/// <param name="channel">To the server.</param>
/// <param name="model">Of the index.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="number">Of the reader.</param>
/// <param name="seed">Of the run.</param>
internal sealed class SoakReader(GrpcChannel channel, SoakModel model, SoakTally tally, int number, int seed)
{
    public const string Index = "soak";

    private const int MostSeen = 500;

    private readonly Random _random = SoakItem.Chance(seed, number, 1);
    private readonly Retrieval.RetrievalClient _retrieval = new(channel);
    private readonly Ingest.IngestClient _ingest = new(channel);
    private readonly SoakMisuse _misuse = new(channel, tally, SoakItem.Chance(seed, number, 2));
    private readonly HashSet<ulong> _seen = [];

    private string SeenSet => $"seen:reader:{number}";

    /// <summary>When a call is given up: it hangs.</summary>
    public static DateTime Due => TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(60);

    /// <summary>Reads until it is told to end.</summary>
    public async Task RunAsync(Func<bool> goesOn)
    {
        Func<Task>[] kinds =
        [
            NearestAsync, NearestAsync, FilteredAsync, FilteredAsync, ExcludedAsync, UnseenAsync, ManyRowsAsync, SeveralAsync, QuotasAsync,
            UnionAsync, RangeAsync, ScrollAsync, RecommendAsync, ExplainAsync, FetchAsync, PreparedAsync, TargetAsync, _misuse.RunAsync,
        ];
        while (goesOn())
            await kinds[_random.Next(kinds.Length)]();
    }

    private Task<SearchResponse?> NearestAsync()
    {
        uint k = _random.Next(6) switch { 0 => 1000, < 3 => 100, _ => 10 };
        return SearchAsync($"search, k {k}", Request(k));
    }

    private Task<SearchResponse?> FilteredAsync()
    {
        SearchRequest request = Request(_random.Next(4) == 0 ? 100u : 20);
        (request.Filter, Func<SoakItem, bool> takes) = SoakRules.Any(_random, model.Keys);
        request.Exact = _random.Next(10) == 0;
        return SearchAsync(request.Exact ? "search, filter, exact" : "search, filter", request, takes);
    }

    private Task<SearchResponse?> ExcludedAsync()
    {
        HashSet<ulong> not = [.. Enumerable.Range(0, _random.Next(1, 400)).Select(_ => (ulong)_random.Next(model.Keys))];
        SearchRequest request = Request(50);
        request.Exclude = new WireExclude { Keys = LiveCalls.Keys([.. not]) };
        return SearchAsync("search, excluded keys", request, item => !not.Contains(item.Key));
    }

    /// <summary>What was shown is appended to a set, and is not shown again, until the set is dropped.</summary>
    private async Task UnseenAsync()
    {
        SearchRequest request = Request(10);
        request.Exclude = new WireExclude { Sets = { SeenSet } };
        SearchResponse? answer = await SearchAsync("search, excluded set", request, item => !_seen.Contains(item.Key));
        if (answer is null)
            return;
        tally.Require(!answer.Keys.Numbers.Any(_seen.Contains), "search, excluded set", () => $"{SeenSet} was not excluded");
        if (_seen.Count > MostSeen)
        {
            if (await tally.RunAsync("drop set", () => Drop(SeenSet)) is { } dropped)
                tally.Require(dropped.Size == (ulong)_seen.Count, "drop set", () => $"{dropped.Size} keys instead of {_seen.Count}");
            _seen.Clear();
        }
        else if (answer.Keys.Numbers.Count > 0)
        {
            AppendToSetRequest append = new() { Index = Index, Set = SeenSet, Keys = answer.Keys, TtlS = 86_400 };
            _seen.UnionWith(answer.Keys.Numbers);
            if (await tally.RunAsync("append to set", async () => await _ingest.AppendToSetAsync(append, deadline: Due)) is { } appended)
                tally.Require(appended.Size == (ulong)_seen.Count, "append to set", () => $"{appended.Size} keys, not {_seen.Count}");
        }
    }

    private async Task<DropSetResponse> Drop(string set) =>
        await _ingest.DropSetAsync(new DropSetRequest { Index = Index, Set = set }, deadline: Due);

    private Task<SearchResponse?> ManyRowsAsync() => SearchAsync("search, 8 rows", Request(10, rows: 8));

    private async Task SeveralAsync()
    {
        long since = model.Now;
        SearchManyRequest request = new() { Index = Index };
        List<Func<SoakItem, bool>> rules = [];
        for (int i = 0; i < 4; i++)
        {
            SearchRequest one = Request(10);
            (one.Filter, Func<SoakItem, bool> takes) = SoakRules.Any(_random, model.Keys);
            request.Searches.Add(one);
            rules.Add(takes);
        }
        SearchManyResponse? many = await tally.RunAsync(
            "search many", async () => await _retrieval.SearchManyAsync(request, deadline: Due));
        for (int i = 0; many is not null && i < rules.Count; i++)
            Check("search many", request.Searches[i], many.Answers[i], since, rules[i]);
    }

    private async Task QuotasAsync()
    {
        const int most = 3;
        SearchRequest request = Request(20);
        request.Caps.Add(new Cap { Attribute = "group", Most = most });
        request.Floors.Add(new Floor { Filter = SoakRules.OfGroup(_random).Filter, Least = 2 });
        request.Attributes.Add("group");
        if (_random.Next(2) == 0)
            request.Diversity = new Diversity { Lambda = 0.7f };
        SearchResponse? answer = await SearchAsync("search, caps and floors", request, inOrder: request.Diversity is null);
        if (answer is null)
            return;
        AttributeColumn groups = answer.Attributes.Single();
        tally.Require(
            groups.Keywords.Index().Where(one => !groups.Missing.Contains((uint)one.Index)).GroupBy(static one => one.Item)
                .All(static group => group.Count() <= most),
            "search, caps and floors", () => $"a cap of {most} does not hold: {string.Join(',', groups.Keywords)}");
    }

    private Task<SearchResponse?> UnionAsync()
    {
        SearchRequest request = Request(30, rows: 3);
        request.Union = new Union { LeastPerRow = 2 };
        return SearchAsync("search, union", request, byRow: static (answer, position) => (int)answer.FromRows[position]);
    }

    private async Task RangeAsync()
    {
        long since = model.Now;
        SearchRequest search = Request(200);
        search.MinScore = 1.0f + _random.NextSingle();
        RangeResponse? range = await tally.RunAsync(
            "range", async () => await _retrieval.RangeAsync(new RangeRequest { Search = search }, deadline: Due));
        if (range is null)
            return;
        Check("range", search, range.Answer, since, static _ => true);
        tally.Require(range.Answer.Scores.All(score => score <= search.MinScore + 1e-4f), "range", () => "an item lies outside");
    }

    /// <summary>Between the first key and the last, every item that stays comes once.</summary>
    private async Task ScrollAsync()
    {
        long since = model.Now;
        (Filter? filter, Func<SoakItem, bool> takes) = SoakRules.Any(_random, model.Keys);
        ulong after = (ulong)_random.Next(model.Keys);
        ulong first = after + 1;
        HashSet<ulong> found = [];
        for (int page = 0; page < 3; page++)
        {
            ScrollRequest request = new() { Index = Index, Filter = filter, Limit = 200, After = LiveCalls.Keys(after) };
            ScrollResponse? answer = await tally.RunAsync("scroll", async () => await _retrieval.ScrollAsync(request, deadline: Due));
            if (answer is null)
                return;
            foreach (ulong key in answer.Keys.Numbers)
            {
                tally.Require(key > after && found.Add(key), "scroll", () => $"key {key} after {after}");
                after = key;
            }
            if (answer.Keys.Numbers.Count < 200)
            {
                after = (ulong)model.Keys - 1;
                break;
            }
        }
        for (ulong key = first; key <= after; key++)
        {
            if (model.IsStable(key, since, out SoakItem? item))
            {
                bool isMeant = item is not null && takes(item);
                tally.Require(found.Contains(key) == isMeant, "scroll", () => $"key {key} is{(isMeant ? " not" : "")} there: {filter}");
            }
        }
    }

    private async Task RecommendAsync()
    {
        RecommendRequest request = new()
        {
            Search = new SearchRequest { Index = Index, K = 10 },
            PositiveKeys = LiveCalls.Keys((ulong)_random.Next(model.Keys), (ulong)_random.Next(model.Keys)),
            PositiveVectors = RunningServer.Bytes(SoakItem.Query(_random)),
            NegativeVectors = RunningServer.Bytes(SoakItem.Query(_random)),
            Strategy = _random.Next(2) == 0 ? RecommendStrategy.Average : RecommendStrategy.BestScore,
        };
        RecommendResponse? answer = await tally.RunAsync("recommend", async () => await _retrieval.RecommendAsync(request, deadline: Due));
        if (answer is not null)
            tally.Require(answer.Answer.Keys.Numbers.Distinct().Count() == 10, "recommend", () => "not ten items");
    }

    private async Task ExplainAsync()
    {
        long since = model.Now;
        ExplainRequest request = new() { Search = Request(20), Key = LiveCalls.Keys((ulong)_random.Next(model.Keys)) };
        (request.Search.Filter, Func<SoakItem, bool> takes) = SoakRules.Any(_random, model.Keys);
        ExplainResponse? answer = await tally.RunAsync("explain", async () => await _retrieval.ExplainAsync(request, deadline: Due));
        if (answer is null)
            return;
        tally.Require(answer.Verdict != Verdict.Unreachable, "explain", () => answer.Explanation);
        if (model.IsStable(request.Key.Numbers[0], since, out SoakItem? item))
        {
            bool isRight = item is null ? answer.Verdict == Verdict.NoSuchItem : (answer.Verdict == Verdict.Filtered) == !takes(item);
            tally.Require(isRight, "explain", () => $"{answer.Verdict} of {item}: {answer.Explanation}");
        }
    }

    private async Task FetchAsync()
    {
        long since = model.Now;
        ulong[] keys = [.. Enumerable.Range(0, 50).Select(_ => (ulong)_random.Next(model.Keys)).Distinct()];
        FetchRequest request = new() { Index = Index, Keys = LiveCalls.Keys(keys), WithVectors = true, Attributes = { "price" } };
        FetchResponse? answer = await tally.RunAsync("fetch", async () => await _retrieval.FetchAsync(request, deadline: Due));
        if (answer is null)
            return;
        Dictionary<ulong, int> at = answer.Found.Numbers.Index().ToDictionary(static one => one.Item, static one => one.Index);
        foreach (ulong key in keys)
        {
            if (model.IsStable(key, since, out SoakItem? item))
            {
                bool isThere = at.TryGetValue(key, out int row);
                tally.Require(isThere == (item is not null), "fetch", () => $"key {key} is {(isThere ? "" : "not ")}there: {item}");
                if (isThere && item is not null)
                {
                    bool isSame = LiveCalls.RowOf(answer, row).AsSpan().SequenceEqual(item.Row)
                        && answer.Attributes.Single().Integers[row] == item.Price;
                    tally.Require(isSame, "fetch", () => $"key {key} is not its version {item.Version}");
                }
            }
        }
    }

    /// <summary>A filter that the server was told of may be forgotten, as when it starts again.</summary>
    private async Task PreparedAsync()
    {
        (Filter filter, Func<SoakItem, bool> takes) = SoakRules.OfGroup(_random);
        PrepareFilterRequest prepare = new() { Index = Index, Filter = filter };
        PrepareFilterResponse? prepared = await tally.RunAsync(
            "prepare filter", async () => await _retrieval.PrepareFilterAsync(prepare, deadline: Due));
        if (prepared is null)
            return;
        SearchRequest request = Request(20);
        request.PreparedFilter = prepared.PreparedFilter;
        await SearchAsync("search, prepared filter", request, takes);
    }

    private Task<SearchResponse?> TargetAsync()
    {
        SearchRequest request = Request(20);
        request.RecallTarget = 0.95f;
        request.RequestTag = "soak";
        return SearchAsync("search, recall target", request);
    }

    private SearchRequest Request(uint k, int rows = 1) => new()
    {
        Index = Index,
        K = k,
        Queries = RunningServer.Bytes([.. Enumerable.Range(0, rows).Select(_ => SoakItem.Query(_random))]),
    };

    private async Task<SearchResponse?> SearchAsync(
        string kind, SearchRequest request, Func<SoakItem, bool>? takes = null, bool inOrder = true,
        Func<SearchResponse, int, int>? byRow = null)
    {
        long since = model.Now;
        SearchResponse? answer = await tally.RunAsync(kind, async () => await _retrieval.SearchAsync(request, deadline: Due));
        if (answer is not null)
            Check(kind, request, answer, since, takes ?? (static _ => true), inOrder, byRow);
        return answer;
    }

    private void Check(
        string kind, SearchRequest request, SearchResponse answer, long since, Func<SoakItem, bool> takes, bool inOrder = true,
        Func<SearchResponse, int, int>? byRow = null)
    {
        bool isRange = request.HasMinScore;
        tally.Note(answer.Completeness);
        float[] rows = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(request.Queries.Data.Span).ToArray();
        for (int list = 0; list + 1 < answer.RowOffsets.Count; list++)
        {
            (int from, int to) = ((int)answer.RowOffsets[list], (int)answer.RowOffsets[list + 1]);
            bool isFull = isRange || request.Filter is not null || to - from == request.K || request.Caps.Count > 0;
            tally.Require(isFull && to - from <= request.K, kind, () => $"{to - from} results instead of {request.K}");
            tally.Require(
                answer.Keys.Numbers.Skip(from).Take(to - from).Distinct().Count() == to - from, kind, () => "an item comes twice");
            for (int i = from; i < to; i++)
            {
                bool isOrdered = !inOrder || i == from || answer.Completeness != Completeness.Complete;
                tally.Require(isOrdered || answer.Scores[i - 1] <= answer.Scores[i], kind, () => "not the nearest first");
                ulong key = answer.Keys.Numbers[i];
                if (!model.IsStable(key, since, out SoakItem? item))
                    continue;
                tally.Require(item is not null && takes(item), kind, () => $"key {key} must not be returned: {item}");
                int row = byRow?.Invoke(answer, i) ?? list;
                float[] query = rows[(row * SoakItem.Dimension)..((row + 1) * SoakItem.Dimension)];
                double distance = item is null ? 0 : SoakItem.Distance(query, item.Row);
                // Of an answer that was spared work the last ones have the scores of the codes.
                double tolerance = answer.Completeness == Completeness.Complete ? 1e-3 : 0.1;
                tally.Require(
                    item is null || Math.Abs(distance - answer.Scores[i]) < tolerance, kind,
                    () => $"key {key} has score {answer.Scores[i]} and is {distance} away");
            }
        }
    }
}
