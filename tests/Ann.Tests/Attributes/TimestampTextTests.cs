using Ann.Core.Attributes;

namespace Ann.Tests.Attributes;

/// <summary>Goal: a time is read only where nobody can doubt which moment is meant, and comes back as the same moment.</summary>
public sealed class TimestampTextTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00Z", 0)]
    [InlineData("1970-01-01T01:00:00+01:00", 0)]
    [InlineData("1969-12-31T23:59:59.999999Z", -1)]
    [InlineData("2026-01-31T12:00:00.25Z", 1_769_860_800_250_000)]
    [InlineData("2023-01-01T00:00:00.1234567Z", 1_672_531_200_123_456)] // .NET's "O"
    [InlineData("2023-01-01T00:00:00.1234567+00:00", 1_672_531_200_123_456)]
    [InlineData("2023-01-01T00:00:00.123456789Z", 1_672_531_200_123_456)] // Java's Instant, Go, protobuf
    [InlineData("1969-12-31T23:59:59.9999999Z", -1)] // cut towards the past, as its digits are
    [InlineData("2023-01-01t00:00:00z", 1_672_531_200_000_000)] // RFC 3339 allows both
    [InlineData("2023-01-01 00:00:00Z", 1_672_531_200_000_000)]
    [InlineData("2023-01-01 00:00:00.5+00:00", 1_672_531_200_500_000)] // Python's str()
    [InlineData("2023-01-01 02:00:00+02", 1_672_531_200_000_000)] // PostgreSQL
    [InlineData("2022-12-31T18:30:00-0530", 1_672_531_200_000_000)] // strftime's %z
    [InlineData("2023-01-01 00:00:00 UTC", 1_672_531_200_000_000)] // BigQuery, Ruby
    [InlineData("2023-01-01 01:00:00 +0100", 1_672_531_200_000_000)]
    [InlineData("2024-02-29T23:59:59-00:00", 1_709_251_199_000_000)]
    public void ATimeWithAnOffsetIsRead(string text, long microseconds)
    {
        Assert.True(TimestampText.TryParse(text, out long read));
        Assert.Equal(microseconds, read);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00", "has no offset")]
    [InlineData("2026-01-31T12:00:00.1234567", "has no offset")]
    [InlineData("2026-01-31 12:00:00 ", "offset")]
    [InlineData("2026-01-31", "is a date without a time")]
    [InlineData("2026-02-30T12:00:00Z", "a day that there is not")]
    [InlineData("0000-01-01T00:00:00Z", "a day that there is not")]
    [InlineData("2026-13-01T00:00:00Z", "a day that there is not")]
    [InlineData("2026-01-31T24:00:00Z", "beyond 23:59:59")]
    [InlineData("2016-12-31T23:59:60Z", "leap second")]
    [InlineData("2026-01-31T12:00:00.Z", "no digits behind the point")]
    [InlineData("2026-01-31T12:00:0Z", "seconds of two digits")]
    [InlineData("2026-01-31T1200Z", "no time such as 12:00:00")]
    [InlineData("2026-01-31T12:00:00,5Z", "does not end with an offset")]
    [InlineData("2026-01-31T12:00:00CET", "does not end with an offset")]
    [InlineData("2026-01-31T12:00:00+1:00", "does not end with an offset")]
    [InlineData("2026-01-31T12:00:00+24:00", "does not end with an offset")]
    [InlineData("2026-01-31T12:00:00+01:00[Europe/Berlin]", "does not end with an offset")]
    [InlineData("0001-01-01T00:00:00+01:00", "outside of the years")]
    [InlineData("31.01.2026T12:00:00Z", "does not begin with a date")]
    [InlineData("Z", "does not begin with a date")]
    [InlineData("", "does not begin with a date")]
    public void WhatIsInDoubtIsRefusedWithTheReason(string text, string reason)
    {
        Assert.False(TimestampText.TryParse(text, out long microseconds, out string problem));
        Assert.Equal(0, microseconds);
        Assert.Contains(reason, problem);
    }

    /// <summary>The framework reads most of these forms, too.</summary>
    [Fact]
    public void TheFrameworksOwnTextsAreReadAsItReadsThem()
    {
        Random random = new(6);
        for (int i = 0; i < 1000; i++)
        {
            long ticks = random.NextInt64(TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay);
            DateTimeOffset time = new DateTimeOffset(ticks, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(random.Next(-840, 841)));
            long expected = (long)Math.Floor((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / (decimal)TimeSpan.TicksPerMicrosecond);
            foreach (string format in new[] { "O", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd't'HH:mm:ss.fffffffzzz" })
            {
                string text = time.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(TimestampText.TryParse(text, out long read, out string problem), $"{text} {problem}");
                Assert.Equal(expected, read);
            }
        }
    }

    [Fact]
    public void EveryMomentComesBack()
    {
        Random random = new(5);
        for (int i = 0; i < 1000; i++)
        {
            long moment = random.NextInt64(-62_135_596_800_000_000, 253_402_300_799_999_999);
            Assert.True(TimestampText.TryParse(TimestampText.Format(moment), out long read), TimestampText.Format(moment));
            Assert.Equal(moment, read);
        }
        Assert.Equal("9223372036854775807", TimestampText.Format(long.MaxValue));
        Assert.Equal("-9223372036854775808", TimestampText.Format(long.MinValue));
    }
}
