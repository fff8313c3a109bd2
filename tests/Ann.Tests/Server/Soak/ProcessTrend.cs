using System.Globalization;
using System.Text;

namespace Ann.Tests.Server.Soak;

/// <summary>What a process holds, round by round, and whether it comes to hold more.</summary>
/// <param name="server">The process. On Linux, which tells.</param>
internal sealed class ProcessTrend(ServeProcess server)
{
    private readonly List<Sample> _samples = [];

    /// <summary>True where a process can be looked at.</summary>
    public static bool CanTell => OperatingSystem.IsLinux();

    /// <summary>Looks, at a moment when nothing is asked of the server.</summary>
    /// <param name="operations">Calls made so far.</param>
    public Sample Look(long operations)
    {
        Sample sample = new(operations, server.RssBytes(), server.Handles(), server.Threads());
        _samples.Add(sample);
        return sample;
    }

    /// <summary>The rounds after the first third: what is made once, is made by then.</summary>
    public Sample[] Settled => [.. _samples.Skip(_samples.Count / 3)];

    /// <summary>Least squares over the settled rounds.</summary>
    /// <returns>Bytes that the process grew by over them, bytes an operation, and its mean.</returns>
    public (double Grown, double PerOperation, double Mean) Line()
    {
        Sample[] settled = Settled;
        double meanX = settled.Average(static one => (double)one.Operations);
        double meanY = settled.Average(static one => (double)one.Rss);
        double slope = settled.Sum(one => (one.Operations - meanX) * (one.Rss - meanY))
            / Math.Max(1, settled.Sum(one => (one.Operations - meanX) * (one.Operations - meanX)));
        return (slope * (settled[^1].Operations - settled[0].Operations), slope, meanY);
    }

    /// <summary>First, settled and last, and the line.</summary>
    public override string ToString()
    {
        (double grown, double perOperation, double mean) = Line();
        Sample[] settled = Settled;
        Sample first = _samples[0];
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"  RSS MiB: first {MiB(first.Rss):F1}, settled {MiB(settled[0].Rss):F1}, ");
        text.Append(CultureInfo.InvariantCulture, $"last {MiB(settled[^1].Rss):F1}, mean {MiB(mean):F1}, ");
        text.Append(CultureInfo.InvariantCulture, $"least {MiB(settled.Min(static one => one.Rss)):F1}, ");
        text.AppendLine(CultureInfo.InvariantCulture, $"most {MiB(settled.Max(static one => one.Rss)):F1}");
        text.Append(CultureInfo.InvariantCulture, $"  RSS line over {settled.Length} of {_samples.Count} rounds: ");
        text.AppendLine(CultureInfo.InvariantCulture, $"{MiB(grown):+0.0;-0.0} MiB, {perOperation:+0.0;-0.0} bytes a call");
        Add("handles", static one => one.Handles);
        Add("threads", static one => one.Threads);
        return text.ToString().TrimEnd();

        void Add(string name, Func<Sample, int> of) => text.AppendLine(
            CultureInfo.InvariantCulture,
            $"  {name}: first {of(first)}, settled {of(settled[0])}, last {of(settled[^1])}, most {settled.Max(of)}");
    }

    private static double MiB(double bytes) => bytes / (1 << 20);

    /// <summary>What it held at a moment.</summary>
    public sealed record Sample(long Operations, long Rss, int Handles, int Threads);
}
