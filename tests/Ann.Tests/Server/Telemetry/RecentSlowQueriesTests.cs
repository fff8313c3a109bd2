using Ann.Server.Telemetry;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: the latest slow queries are kept, in bounded memory whatever they hold.</summary>
public sealed class RecentSlowQueriesTests
{
    [Fact]
    public void TheLatestAreKeptAndFoundByTheirNumbers()
    {
        RecentSlowQueries recent = new(TimeProvider.System);
        Assert.Empty(recent.Latest());

        for (int i = 0; i < RecentSlowQueries.Most + 50; i++)
            recent.Add(Query(i, 10));

        NumberedSlowQuery[] latest = recent.Latest();
        Assert.Equal(Enumerable.Range(50, RecentSlowQueries.Most).Reverse(), latest.Select(static one => (int)one.Query.DurationMs));
        Assert.All(latest, one => Assert.Equal(one.Query, recent.Find(one.Number)));
        Assert.Null(recent.Find(latest[0].Number + 1));
        Assert.Null(recent.Find(latest[^1].Number - 1));
        Assert.Null(recent.Find(0));
        Assert.Null(recent.Find(long.MaxValue));
        Assert.All(latest, static one => Assert.Null(one.Query.Keys));
    }

    [Fact]
    public void OldRequestsGoWhereTheyAreMoreThanMayBe()
    {
        RecentSlowQueries recent = new(TimeProvider.System);
        for (int i = 0; i < 300; i++)
        {
            recent.Add(Query(i, i % 3 == 0 ? 1 << 20 : 100_000));
            Assert.InRange(
                recent.Latest().Sum(static one => (long)(one.Query.Request?.Length ?? 0)), 1, RecentSlowQueries.MostRequestBytes);
        }

        NumberedSlowQuery[] latest = recent.Latest();
        Assert.Equal(RecentSlowQueries.Most, latest.Length);
        int whole = latest.Count(static one => one.Query.Request is not null);
        Assert.InRange(whole, 10, 40);
        Assert.All(latest[..whole], static one => Assert.NotNull(one.Query.Request)); // the latest of them
    }

    [Fact]
    public void NamesThatAreNoneAreCut()
    {
        RecentSlowQueries recent = new(TimeProvider.System);

        recent.Add(Query(1, 1) with { Index = new string('x', 100_000), RequestTag = new string('y', 100_000) });

        SlowQuery kept = recent.Latest()[0].Query;
        Assert.InRange(kept.Index!.Length + kept.RequestTag!.Length, 1, 1000);
    }

    private static SlowQuery Query(int place, int bytes) => new()
    {
        Time = DateTimeOffset.UnixEpoch,
        Method = "ann.v1.Retrieval/Search",
        Status = "OK",
        DurationMs = place,
        Index = "shop",
        Keys = [["1"]],
        RequestBytes = bytes,
        Request = new byte[bytes],
    };
}
