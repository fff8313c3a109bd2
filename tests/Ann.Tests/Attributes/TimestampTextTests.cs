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
    public void ATimeWithAnOffsetIsRead(string text, long microseconds)
    {
        Assert.True(TimestampText.TryParse(text, out long read));
        Assert.Equal(microseconds, read);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00")]
    [InlineData("2026-01-31")]
    [InlineData("2026-02-30T12:00:00Z")]
    [InlineData("2026-01-31 12:00:00Z")]
    [InlineData("2026-01-31T12:00:00.1234567Z")]
    [InlineData("31.01.2026T12:00:00Z")]
    [InlineData("Z")]
    [InlineData("")]
    public void WhatIsInDoubtIsRefused(string text) => Assert.False(TimestampText.TryParse(text, out _));

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
