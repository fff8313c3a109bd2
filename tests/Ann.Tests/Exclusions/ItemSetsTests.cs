using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Tests.Files;
using static Ann.Tests.Exclusions.SetFixture;

namespace Ann.Tests.Exclusions;

/// <summary>Goal: a set holds what was added to it, in order, until its time is over; also after a restart.</summary>
public sealed class ItemSetsTests
{
    private readonly SimulatedFileSystem _files = NewFiles();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task KeysStayInOrderAndComeOnce()
    {
        await using (ItemSets sets = Open(_files))
        {
            Assert.Null(sets.Find("seen"));
            Assert.Equal(3, await sets.AppendAsync("seen", Numbers(5, 1, 5, 9), null));
            ExcludedKeys before = sets.Find("seen")!;
            Assert.Equal(4, await sets.AppendAsync("seen", Numbers(1, 2), null));
            Assert.Equal(1, await sets.AppendAsync("other", Numbers(7), null));

            Assert.Equal(["5", "1", "9", "2"], Keys(sets, "seen"));
            Assert.False(before.Contains(new ItemKey(2)));
            Assert.Equal(3, before.Count);
            Assert.True(sets.Find("seen")!.Contains(new ItemKey(2)));
        }
        await using ItemSets again = Open(_files);
        Assert.Equal(["5", "1", "9", "2"], Keys(again, "seen"));
        Assert.Equal(["7"], Keys(again, "other"));
    }

    [Fact]
    public async Task TextsAreKeptToo()
    {
        KeyColumn keys = new(KeyKind.String);
        keys.Add("größe");
        keys.Add("b");
        await using (ItemSets sets = Open(_files, kind: KeyKind.String))
        {
            await sets.AppendAsync("s", keys, null);
            for (int i = 0; i < 100; i++)
            {
                KeyColumn one = new(KeyKind.String);
                one.Add($"item-{i % 60}");
                await sets.AppendAsync("s", one, null);
            }
        }
        await using ItemSets again = Open(_files, kind: KeyKind.String);
        Assert.Equal(["größe", "b", .. Enumerable.Range(0, 60).Select(static i => $"item-{i}")], Keys(again, "s"));
    }

    [Fact]
    public async Task ADroppedSetIsGone()
    {
        await using (ItemSets sets = Open(_files))
        {
            await sets.AppendAsync("s", Numbers(1, 2), null);
            Assert.Equal(2, await sets.DropAsync("s"));
            Assert.Equal(0, await sets.DropAsync("s"));
            Assert.Null(sets.Find("s"));
            await sets.AppendAsync("s", Numbers(3), null);
        }
        await using ItemSets again = Open(_files);
        Assert.Equal(["3"], Keys(again, "s"));
    }

    [Fact]
    public async Task BeyondAMillionTheOldestGiveWay()
    {
        await using (ItemSets sets = Open(_files))
        {
            int size = 0;
            for (ulong first = 0; first < 1_050_000; first += 70_000)
                size = await sets.AppendAsync("s", Numbers([.. Enumerable.Range(0, 70_000).Select(i => first + (ulong)i)]), null);
            Assert.Equal(ItemSets.MaxSetKeys, size);
            Check(sets.Find("s")!);
            // One that had given way comes back as the newest.
            await sets.AppendAsync("s", Numbers(0), null);
            Assert.True(sets.Find("s")!.Contains(new ItemKey(0)));
            Assert.False(sets.Find("s")!.Contains(new ItemKey(50_000)));
        }
        await using ItemSets again = Open(_files);
        Assert.Equal(ItemSets.MaxSetKeys, again.Find("s")!.Count);
        Assert.True(again.Find("s")!.Contains(new ItemKey(0)));

        static void Check(ExcludedKeys keys)
        {
            Assert.False(keys.Contains(new ItemKey(49_999)));
            Assert.True(keys.Contains(new ItemKey(50_000)));
            Assert.True(keys.Contains(new ItemKey(1_049_999)));
        }
    }

    [Fact]
    public async Task ASetIsForgottenWhenItsTimeIsOver()
    {
        await using (ItemSets sets = Open(_files, _time))
        {
            await sets.AppendAsync("s", Numbers(1), TimeSpan.FromSeconds(10));
            await sets.AppendAsync("for ever", Numbers(1), null);
            _time.Now += TimeSpan.FromSeconds(9);
            await sets.AppendAsync("s", Numbers(2), null); // leaves the time as it is
            Assert.Equal(["1", "2"], Keys(sets, "s"));
            _time.Now += TimeSpan.FromSeconds(1);
            Assert.Null(sets.Find("s"));
            Assert.Equal(0, await sets.DropAsync("s"));
            Assert.Equal(1, await sets.AppendAsync("s", Numbers(3), null)); // a new one
            _time.Now += TimeSpan.FromDays(9000);
            Assert.Equal(["3"], Keys(sets, "s"));
        }
        await using ItemSets again = Open(_files, _time);
        Assert.Equal(["3"], Keys(again, "s"));
        Assert.Equal(["1"], Keys(again, "for ever"));
    }

    [Fact]
    public async Task AnAppendThatGivesATimeRenewsIt()
    {
        await using (ItemSets sets = Open(_files, _time))
        {
            await sets.AppendAsync("s", Numbers(1), TimeSpan.FromSeconds(10));
            _time.Now += TimeSpan.FromSeconds(9);
            await sets.AppendAsync("s", Numbers(1), TimeSpan.FromSeconds(10)); // no new key
            _time.Now += TimeSpan.FromSeconds(9);
            Assert.Equal(["1"], Keys(sets, "s"));
        }
        await using ItemSets again = Open(_files, _time);
        Assert.Equal(["1"], Keys(again, "s"));
        _time.Now += TimeSpan.FromSeconds(1);
        Assert.Null(again.Find("s"));
    }

    [Fact]
    public async Task WhatWouldPassTheMemoryIsRefusedWithTheArithmetic()
    {
        MemoryBudget budget = new(4000);
        await using (ItemSets sets = Open(_files, _time, budget: budget))
        {
            await sets.AppendAsync("a", Numbers([.. Enumerable.Range(0, 100).Select(static i => (ulong)i)]), TimeSpan.FromSeconds(5));
            long used = budget.Used;
            AnnException e = await Fails(sets.AppendAsync("b", Numbers([.. Enumerable.Range(0, 60).Select(static i => (ulong)i)]), null));

            Assert.Equal((AnnError.Overloaded, "memory"), (e.Error, e.Field));
            Assert.Contains("set 'b' of index 'shop' needs 1,698 bytes", e.Message, StringComparison.Ordinal);
            Assert.Contains("of 4,000 are in use", e.Message, StringComparison.Ordinal);
            Assert.Equal(used, budget.Used);
            Assert.Null(sets.Find("b"));

            // A forgotten set makes room.
            _time.Now += TimeSpan.FromSeconds(5);
            await sets.AppendAsync("b", Numbers([.. Enumerable.Range(0, 60).Select(static i => (ulong)i)]), null);
            Assert.Equal(1698, budget.Used);
        }
        Assert.Equal(0, budget.Used);
        await using ItemSets again = Open(_files, _time, budget: budget);
        Assert.Equal(1698, budget.Used);
        await again.DropAsync("b");
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public async Task ASetThatIsForgottenAndBegunAnewPassesNoLimit()
    {
        MemoryBudget budget = new(4000);
        await using ItemSets sets = Open(_files, _time, budget: budget);
        await sets.AppendAsync("a", Some(60), TimeSpan.FromSeconds(5));
        await sets.AppendAsync("b", Some(80), null);
        long used = budget.Used;
        Assert.InRange(used, 3800, 4000);
        _time.Now += TimeSpan.FromSeconds(5);

        AnnException e = await Fails(sets.AppendAsync("a", Some(70), null));

        Assert.Equal((AnnError.Overloaded, "memory"), (e.Error, e.Field));
        await sets.AppendAsync("a", Some(60), null);
        Assert.Equal(used, budget.Used);

        static KeyColumn Some(int count) => Numbers([.. Enumerable.Range(0, count).Select(static i => (ulong)i)]);
    }

    [Fact]
    public async Task TheFileIsWrittenAnewWhenMostOfItNoLongerCounts()
    {
        await using (ItemSets sets = Open(_files, _time, leastCompacted: 2000))
        {
            await sets.AppendAsync("kept", Numbers(1, 2, 3), null);
            await sets.AppendAsync("short", Numbers(1), TimeSpan.FromSeconds(5));
            _time.Now += TimeSpan.FromSeconds(5);
            for (ulong round = 0; round < 500; round++)
            {
                await sets.AppendAsync("s", Numbers(round), null);
                if (round % 10 == 9)
                    await sets.DropAsync("s");
            }
            await sets.AppendAsync("s", Numbers(1000), null);
            Assert.Equal(["1000"], Keys(sets, "s"));
        }
        Assert.Equal([LogPath], _files.AllFiles);
        Assert.InRange(_files.ReadAllBytes(LogPath).Length, 100, 5000); // of some 30,000 written
        await using ItemSets again = Open(_files, _time);
        Assert.Equal(["1", "2", "3"], Keys(again, "kept"));
        Assert.Equal(["1000"], Keys(again, "s"));
        Assert.Null(again.Find("short"));
    }

    [Fact]
    public async Task CallsAtOnceShareFlushesAndAllCount()
    {
        await using (ItemSets sets = Open(_files))
        {
            await Task.WhenAll(Enumerable.Range(0, 400).Select(i => sets.AppendAsync($"s{i % 7}", Numbers((ulong)i), null)));
            Assert.Equal(400, Enumerable.Range(0, 7).Sum(i => sets.Find($"s{i}")!.Count));
        }
        await using ItemSets again = Open(_files);
        Assert.Equal(400, Enumerable.Range(0, 7).Sum(i => again.Find($"s{i}")!.Count));
    }

    [Fact]
    public async Task MistakesAreRefused()
    {
        await using ItemSets sets = Open(_files);
        KeyColumn text = new(KeyKind.String);
        text.Add("a");
        foreach ((Func<Task> call, string field) in new (Func<Task>, string)[]
                 {
                     (() => sets.AppendAsync("", Numbers(1), null), "set"),
                     (() => sets.AppendAsync(new string('é', 129), Numbers(1), null), "set"),
                     (() => sets.DropAsync(""), "set"),
                     (() => sets.AppendAsync("s", Numbers(), null), "keys"),
                     (() => sets.AppendAsync("s", text, null), "keys"),
                     (() => sets.AppendAsync("s", Numbers(new ulong[100_001]), null), "keys"),
                     (() => sets.AppendAsync("s", Numbers(1), TimeSpan.Zero), "ttl"),
                     (() => sets.AppendAsync("s", Numbers(1), TimeSpan.FromSeconds(31_536_001)), "ttl"),
                 })
        {
            AnnException e = await Assert.ThrowsAsync<AnnException>(call);
            Assert.Equal((AnnError.InvalidArgument, field), (e.Error, e.Field));
        }
        Assert.Empty(_files.AllFiles);
    }

    [Fact]
    public async Task AfterClosingNothingIsTaken()
    {
        ItemSets sets = Open(_files);
        await sets.AppendAsync("s", Numbers(1), null);
        await sets.DisposeAsync();
        await sets.DisposeAsync();
        Assert.Equal(AnnError.Unavailable, (await Fails(sets.AppendAsync("s", Numbers(2), null))).Error);
    }

    [Fact]
    public async Task AnotherProcessHasTheSetsWhereNothingElseKeepsItOut()
    {
        ItemSetsHome home = new(_files, "/data/_sets/plain", "plain", KeyKind.UInt64, MemoryBudget.Unlimited(), _time) { Locks = true };
        _files.CreateDirectory("/data");
        ItemSets first = ItemSets.Open(home);
        await first.AppendAsync("s", Numbers(1), null);
        await using ItemSets second = ItemSets.Open(home);
        Assert.Equal(AnnError.Unavailable, (await Fails(second.AppendAsync("s", Numbers(2), null))).Error);
        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(() => second.Find("s")).Error);
        await first.DisposeAsync();
        await using ItemSets third = ItemSets.Open(home);
        Assert.Equal(["1"], Keys(third, "s"));
    }

    [Fact]
    public async Task OfTwoProcessesThatFoundNoSetsOneMakesThem()
    {
        ItemSetsHome home = new(_files, "/data/_sets/plain", "plain", KeyKind.UInt64, MemoryBudget.Unlimited(), _time) { Locks = true };
        _files.CreateDirectory("/data");
        ItemSets first = ItemSets.Open(home);
        await using ItemSets second = ItemSets.Open(home);
        await first.AppendAsync("s", Numbers(1), null);
        Assert.Equal(AnnError.FailedPrecondition, (await Fails(second.AppendAsync("s", Numbers(2), null))).Error);
        await first.DisposeAsync();
        for (int i = 0; i < 2; i++)
        {
            AnnException e = await Fails(second.AppendAsync("s", Numbers(2), null));
            Assert.Equal(AnnError.Unavailable, e.Error);
            Assert.Contains("another process made it", e.Message, StringComparison.Ordinal);
        }
        await using ItemSets third = ItemSets.Open(home);
        Assert.Equal(["1"], Keys(third, "s"));
    }
}
