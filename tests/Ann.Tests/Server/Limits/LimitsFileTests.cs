using Ann.Core;
using Ann.Server.Limits;
using Ann.Server.Telemetry;

namespace Ann.Tests.Server.Limits;

/// <summary>
/// Goal: a file of limits is read whole or refused with everything that is wrong in it; each limit is of the first rule that states it.
/// </summary>
public sealed class LimitsFileTests
{
    [Fact]
    public void EverythingThatIsWrongIsToldAtOnce()
    {
        AnnException e = Assert.Throws<AnnException>(() => Read("""
            {"version": 1, "limits": [
              {"requests_per_second": 5},
              {"caller": "key:a", "requests_per_second": 0, "k": -1},
              {"caller": "", "weight": 1},
              {"caller": "key:b"},
              {"caller": "key:c", "index": "shop", "weight": 2},
              {"caller": "key:d", "weight": 1000},
              null
            ]}
            """));

        foreach (string fault in new[]
        {
            "limits[0] names neither", "limits[1] has requests_per_second 0", "limits[1] has k -1",
            "limits[2] has a caller of 0 characters", "limits[3] states no limit", "limits[4] has a weight and an index",
            "limits[5] has weight 1000", "limits[6] is null",
        })
            Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("limits.json", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"version": 2, "limits": []}""", "version is 2")]
    [InlineData("""{"version": 1}""", "no file of limits")]
    [InlineData("""{"version": 1, "limits": [{"caller": "*", "requests": 1}]}""", "requests")]
    [InlineData("""{"version": 1, "limits": [{"caller": "*", "k": 1, "k": 2}]}""", "no file of limits")]
    [InlineData("""{"version": 1, "limits": [{"caller": "*", "k": 99999999999}]}""", "no file of limits")]
    [InlineData("[]", "no file of limits")]
    [InlineData("", "no file of limits")]
    [InlineData("null", "version is")]
    public void WhatIsNoFileOfLimitsIsRefused(string text, string part)
    {
        AnnException e = Assert.Throws<AnnException>(() => Read(text));
        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFirstRuleThatStatesALimitHasIt()
    {
        using ServerMetrics metrics = new();
        LimitRules rules = new(Read("""
            {"version": 1, "limits": [
              {"caller": "key:batch-*", "k": 10, "weight": 0.5},
              {"caller": "*", "k": 100, "rows_per_request": 3},
              {"index": "shop*", "ef": 50},
              {"caller": "key:*", "index": "shop", "k": 5}
            ]}
            """), new LimitWorld(new StoppedTime(), metrics, static name => name.StartsWith("shop", StringComparison.Ordinal)));

        CallerMeters batch = rules.Of("key:batch-7");
        Assert.Equal(0.5, batch.Weight);
        Assert.Contains("k of caller 'key:batch-7' is 10", Refusal(batch.Own, k: 11), StringComparison.Ordinal);
        Assert.Contains(
            "rows_per_request of caller 'key:batch-7' is 3; the request asks for 4", Refusal(batch.Own, rows: 4), StringComparison.Ordinal);
        Assert.Contains("k of caller 'token:you' is 100", Refusal(rules.Of("token:you").Own, k: 101), StringComparison.Ordinal);
        Assert.Contains("k of caller 'key:batch-7' on index 'shop' is 5", Refusal(batch.On("shop"), k: 6), StringComparison.Ordinal);
        Assert.Null(batch.On("shop2"));
        Assert.Null(batch.On("other"));
        Assert.Null(rules.Of("token:you").On("shop"));
        Assert.Equal(50, rules.OfIndex("shop2")!.MostEf);
        Assert.Null(rules.OfIndex("other"));
        Assert.Same(batch.On("shop"), batch.On("shop"));
    }

    /// <summary>What a limit refuses, it has not taken anything of.</summary>
    [Fact]
    public void ARefusedCallTakesNothing()
    {
        StoppedTime time = new();
        using ServerMetrics metrics = new();
        LimitRules rules = new(Read("""
            {"version": 1, "limits": [{"caller": "*", "requests_per_second": 2, "bytes_per_second": 100, "write_rows_per_second": 10,
              "concurrent_searches": 1}]}
            """), new LimitWorld(time, metrics, static _ => true));
        LimitMeters meters = rules.Of("key:a").Own!;
        CallCost write = new(Bytes: 10, Rows: 10, K: 0, Ef: 0, WrittenRows: 10, IsSearch: false);
        CallCost search = new(Bytes: 10, Rows: 1, K: 1, Ef: 0, WrittenRows: 0, IsSearch: true);

        Assert.Null(meters.Take(in write));
        AnnException rows = Assert.IsType<AnnException>(meters.Take(in write));
        Assert.Equal("write_rows_per_second", rows.Field);
        Assert.Equal(TimeSpan.FromSeconds(1), rows.RetryAfter);
        Assert.Null(meters.Take(in search));
        time.Advance(TimeSpan.FromSeconds(1));
        AnnException busy = Assert.IsType<AnnException>(meters.Take(in search));
        Assert.Equal("concurrent_searches", busy.Field);
        Assert.True(meters.IsInUse);
        meters.Leave(in search);
        Assert.False(meters.IsInUse);
        Assert.Null(meters.Take(in search));
        meters.Leave(in search);
        Assert.Null(meters.Take(in search));
        AnnException late = Assert.IsType<AnnException>(meters.Foresee());
        Assert.Equal("requests_per_second", late.Field);
        Assert.Equal(TimeSpan.FromSeconds(0.5), late.RetryAfter);
    }

    [Fact]
    public void WithLimitsACallAllocatesNothing()
    {
        using ServerMetrics metrics = new();
        LimitRules rules = new(Read("""
            {"version": 1, "limits": [
              {"caller": "*", "requests_per_second": 1e9, "bytes_per_second": 1000000000, "concurrent_searches": 4, "k": 100},
              {"index": "*", "requests_per_second": 1e9},
              {"caller": "*", "index": "*", "requests_per_second": 1e9}]}
            """), new LimitWorld(TimeProvider.System, metrics, static _ => true));
        CallerMeters caller = rules.Of("key:a");
        CallCost search = new(Bytes: 10, Rows: 1, K: 1, Ef: 0, WrittenRows: 0, IsSearch: true);
        long before = 0;
        for (int i = 0; i < 2000; i++)
        {
            if (i == 1000)
                before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(caller.Own!.Foresee() is null && caller.Own.Take(in search) is null);
            Assert.True(rules.OfIndex("shop")!.Take(in search) is null && caller.On("shop")!.Take(in search) is null);
            caller.Own.Leave(in search);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Refusal(LimitMeters? meters, long rows = 0, long k = 0)
    {
        CallCost cost = new(Bytes: 1, rows, k, Ef: 0, WrittenRows: 0, IsSearch: true);
        return meters!.Take(in cost)!.Message;
    }

    private static LimitsFile Read(string text) => LimitsFile.Parse("limits.json", System.Text.Encoding.UTF8.GetBytes(text));
}
