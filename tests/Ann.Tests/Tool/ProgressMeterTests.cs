using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: a person sees one moving line, a log sees a line every few seconds, and neither sees a flood.</summary>
public sealed class ProgressMeterTests
{
    [Fact]
    public void ALogGetsALineEveryThreeSeconds()
    {
        (string text, _) = Run(isTerminal: false, seconds: 10);

        string[] lines = text.TrimEnd().Split(Environment.NewLine);
        Assert.Equal(3, lines.Length);
        Assert.Equal("read: 300 of 1,000 rows (30 %), 100 rows/s, ETA 0:07", lines[0]);
        Assert.Equal("read: 900 of 1,000 rows (90 %), 100 rows/s, ETA 0:01", lines[2]);
    }

    [Fact]
    public void ATerminalGetsOneLineThatIsClearedAtTheEnd()
    {
        (string text, int reports) = Run(isTerminal: true, seconds: 10);

        Assert.DoesNotContain('\n', text);
        Assert.InRange(text.Count(character => character == '\r'), 50, reports);
        Assert.EndsWith("\r", text);
        Assert.Equal("", text.Split('\r')[^2].Trim());
    }

    /// <summary>Where nobody knows how many there are, the part of the input tells the time left; an earlier run is no speed.</summary>
    [Theory]
    [InlineData(null, 0.25, "read: 400 rows (25 % of the input), 25 rows/s, ETA 0:12")]
    [InlineData(null, null, "read: 400 rows, 25 rows/s")]
    [InlineData(1_000L, 0.25, "read: 400 of 1,000 rows (40 %), 25 rows/s, ETA 0:24")]
    public void TheTimeLeftIsToldByWhatIsKnown(long? total, double? fraction, string line)
    {
        HandClock clock = new();
        StringWriter error = new();
        ToolContext tool = new() { Out = TextWriter.Null, Error = error, Time = clock, CacheDirectory = "" };
        using ProgressMeter meter = new(tool, "read", "rows", total, first: 300);

        clock.Advance(TimeSpan.FromSeconds(4));
        meter.Report(400, fraction);

        Assert.Equal(line, error.ToString().TrimEnd());
    }

    [Fact]
    public void AShortStepSaysNothing() => Assert.Equal("", Run(isTerminal: false, seconds: 2).Text);

    private static (string Text, int Reports) Run(bool isTerminal, int seconds)
    {
        HandClock clock = new();
        StringWriter error = new();
        ToolContext tool = new()
        {
            Out = TextWriter.Null,
            Error = error,
            ErrorIsTerminal = isTerminal,
            Time = clock,
            CacheDirectory = "",
        };
        int reports = seconds * 100;
        using (ProgressMeter meter = new(tool, "read", "rows", 1_000))
        {
            for (int done = 1; done <= reports; done++)
            {
                clock.Advance(TimeSpan.FromMilliseconds(10));
                meter.Report(done);
            }
        }
        return (error.ToString(), reports);
    }

    private sealed class HandClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
