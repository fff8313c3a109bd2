using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Tests.Exclusions;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: a filter is evaluated as of one write, while heads grow, freeze, are sealed and merged, and items change what it asks for.
/// Method: each batch makes one red item blue and one blue item red, so that at any moment as many are red as ever.
/// </summary>
public sealed class FilteredChurnTests
{
    private const int Seed = 2026;
    private const int Items = 240;
    private const int Batches = 1500;

    private static readonly AttributeSchema Schema = new([new("color", AttributeType.Keyword), new("turn", AttributeType.Int64)]);
    private static readonly Filter Red = new Filter.KeywordIn("color", ["red"]);
    private static readonly Filter Blue = new Filter.KeywordIn("color", ["blue"]);

    [Fact]
    public async Task AtAnyMomentAsManyAreRed()
    {
        LiveIndexOptions options = new() { HeadRows = 100, MaxFrozenHeads = 2, MaxSealedSegments = 2, CommitWindow = TimeSpan.Zero };
        await using LiveFixture live = new(options, LiveFixture.Schema() with { Attributes = Schema });
        await live.WriteAsync(Batch(LiveFixture.Range(0, Items), key => key % 2 == 0, turn: 0));
        using CancellationTokenSource done = new();
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(reader => Task.Run(() => Read(live, Seed + reader, done.Token)))];

        Random random = new(Seed);
        List<ulong> red = [.. LiveFixture.Range(0, Items).Where(static key => key % 2 == 0)];
        List<ulong> blue = [.. LiveFixture.Range(0, Items).Where(static key => key % 2 != 0)];
        for (int turn = 1; turn <= Batches; turn++)
        {
            int a = random.Next(red.Count);
            int b = random.Next(blue.Count);
            (red[a], blue[b]) = (blue[b], red[a]);
            ulong made = red[a];
            await live.WriteAsync(Batch([blue[b], red[a]], key => key == made, turn));
        }
        await done.CancelAsync();
        foreach (Task<int> reader in readers)
            Assert.InRange(await reader, 1, int.MaxValue);
    }

    private static int Read(LiveFixture live, int seed, CancellationToken done)
    {
        Random random = new(seed);
        SearchHit[] hits = new SearchHit[Items];
        int round = 0;
        for (; round == 0 || !done.IsCancellationRequested; round++)
        {
            using SnapshotLease lease = live.Index.Acquire();
            IndexSnapshot snapshot = lease.Snapshot;
            float[] query = LiveFixture.Row((ulong)random.Next(Items));
            string what = $"seed {seed}, round {round}";

            using ItemSelection reds = snapshot.Select(Red, null)!;
            Assert.Equal(Items / 2, Check(snapshot, reds, query, new SearchParameters(Items, Exact: true), hits, "red", what));
            Assert.Equal(10, Check(snapshot, reds, query, new SearchParameters(10, 40), hits, "red", what));
            Assert.Equal(Items / 2, ItemScroll.Page(snapshot, reds, null, Items, SearchBudget.Unlimited, out _).Length);

            ulong[] excluded = [.. Enumerable.Range(0, 50).Select(_ => (ulong)random.Next(Items))];
            using ItemSelection rest = snapshot.Select(null, Exclusion.OfKeys(ExcludedKeysTests.Column(excluded)))!;
            using ItemSelection redRest = rest.Refine(snapshot.Bind(Red), SearchBudget.Unlimited);
            using ItemSelection blueRest = rest.Refine(snapshot.Bind(Blue), SearchBudget.Unlimited);
            SearchParameters all = new(Items, Exact: true);
            int redCount = Check(snapshot, redRest, query, all, hits, "red", what);
            List<ulong> found = [.. hits[..redCount].Select(hit => snapshot.KeyOf(hit).Number)];
            int blueCount = Check(snapshot, blueRest, query, all, hits, "blue", what);
            found.AddRange(hits[..blueCount].Select(hit => snapshot.KeyOf(hit).Number));
            IEnumerable<ulong> expected = LiveFixture.Range(0, Items).Except(excluded);
            Assert.True(expected.SequenceEqual(found.Order()), $"{what}: {string.Join(' ', found.Order())} are red or blue");
        }
        return round;
    }

    private static int Check(
        IndexSnapshot snapshot, ItemSelection selection, float[] query, SearchParameters parameters, SearchHit[] hits, string color,
        string what)
    {
        int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, selection, hits, out _);
        HashSet<ulong> keys = [];
        AttributeColumn colors = new(Schema.Fields[0]);
        for (int i = 0; i < count; i++)
        {
            Assert.True(keys.Add(snapshot.KeyOf(hits[i]).Number), $"{what}: an item came twice");
            snapshot.CopyAttribute(hits[i], 0, colors);
            Assert.Equal(color, System.Text.Encoding.UTF8.GetString(colors.TextAt(i)));
        }
        return count;
    }

    private static WriteBatch Batch(IEnumerable<ulong> keys, Func<ulong, bool> isRed, int turn)
    {
        ulong[] all = [.. keys];
        AttributeBatch items = new(Schema);
        foreach (ulong key in all)
        {
            items.Columns[0].Add(isRed(key) ? "red"u8 : "blue"u8);
            items.Columns[1].Add(turn);
        }
        return LiveFixture.Batch(WriteMode.Upsert, all, turn) with { Attributes = items };
    }
}
