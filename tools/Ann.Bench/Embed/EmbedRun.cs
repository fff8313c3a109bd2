using System.Diagnostics;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Bench.Embed;

/// <summary>
/// Texts of many callers, each with one at a time and the next when it is back: encoded one by one, and in shared batches. Every text is
/// another, so that neither shared runs nor kept rows count.
/// </summary>
/// <param name="output">Where the figures go.</param>
/// <param name="encoder">Stays the caller's.</param>
/// <param name="words">Of a text.</param>
/// <param name="threads">That encode, either way.</param>
internal sealed class EmbedRun(TextWriter output, TextEncoder encoder, int words, int threads)
{
    private static readonly string[] Words =
    [
        "wireless", "mouse", "garden", "hose", "steel", "kettle", "wool", "socks", "desk", "lamp", "trail", "shoes", "winter", "jacket",
        "coffee", "grinder", "folding", "chair", "travel", "mug", "yellow", "rain", "boots", "camping", "stove", "light", "cotton", "shirt",
    ];

    private long _texts;

    /// <summary>Of each measurement.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>Measures and prints.</summary>
    /// <param name="callers">At saturation.</param>
    /// <param name="rounds">Of each measurement, in turn, so that a machine that slows down slows all.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task MeasureAsync(int callers, int rounds, CancellationToken cancellation)
    {
        output.WriteLine(
            $"{encoder.Info.Name}, {words} words a text, {threads} threads that encode, {callers} callers at saturation, "
            + $"{Time.TotalSeconds:F0} s each");
        using EncoderThreads running = new(threads);
        MicroBatcher<RoleText> batches = new(
            new TextBatches(encoder), new BatchQueueLimits(2 * callers, CachedRows: 0), running, TimeProvider.System);
        List<double> ratios = [], cores = [], added = [];
        for (int round = 0; round < rounds; round++)
        {
            EmbedFigures alone = OneByOne(threads, cancellation);
            EmbedFigures shared = await SharedAsync(batches, callers, cancellation);
            EmbedFigures lone = OneByOne(1, cancellation);
            EmbedFigures lonely = await SharedAsync(batches, 1, cancellation);
            ratios.Add(shared.PerSecond / alone.PerSecond);
            cores.Add(alone.CoreMs / shared.CoreMs);
            added.Add(lonely.MedianMs - lone.MedianMs);
            output.WriteLine(
                $"  one by one {alone.PerSecond,6:F0} texts/s at {alone.CoreMs:F2} ms of a core each, "
                + $"batches {shared.PerSecond,6:F0} texts/s at {shared.CoreMs:F2} ms, ratio {ratios[^1]:F2}, of cores {cores[^1]:F2}; "
                + $"one caller p50 {lone.MedianMs:F3} ms alone, {lonely.MedianMs:F3} ms through the batcher");
        }
        output.WriteLine(
            $"median ratio {Median(ratios):F2}, of cores {Median(cores):F2}, median added latency {Median(added) * 1000:F0} us");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>So many threads, each with a text at a time.</summary>
    private EmbedFigures OneByOne(int count, CancellationToken cancellation)
    {
        List<double>[] times = [.. Enumerable.Range(0, count).Select(static _ => new List<double>())];
        TimeSpan used = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();
        Thread[] running = [.. times.Select(own => new Thread(() =>
        {
            float[] row = new float[encoder.Info.Dimension];
            while (Stopwatch.GetElapsedTime(began) < Time && !cancellation.IsCancellationRequested)
            {
                string text = NextText();
                long start = Stopwatch.GetTimestamp();
                encoder.Encode([text], TextRole.Query, row, CancellationToken.None);
                own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }))];
        foreach (Thread thread in running)
            thread.Start();
        foreach (Thread thread in running)
            thread.Join();
        cancellation.ThrowIfCancellationRequested();
        return Figures(times, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - used);
    }

    /// <summary>So many callers of a batcher, each with a text at a time.</summary>
    private async Task<EmbedFigures> SharedAsync(
        MicroBatcher<RoleText> batches, int callers, CancellationToken cancellation)
    {
        List<double>[] times = [.. Enumerable.Range(0, callers).Select(static _ => new List<double>())];
        TimeSpan used = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(times.Select(own => Task.Run(
            async () =>
            {
                while (Stopwatch.GetElapsedTime(began) < Time)
                {
                    RoleText[] text = [new(NextText(), TextRole.Query)];
                    long start = Stopwatch.GetTimestamp();
                    await batches.EncodeAsync(text, TimeSpan.FromSeconds(10), cancellation);
                    own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            },
            cancellation)));
        return Figures(times, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - used);
    }

    private static EmbedFigures Figures(List<double>[] times, TimeSpan time, TimeSpan used)
    {
        double[] all = [.. times.SelectMany(static own => own).Order()];
        return new EmbedFigures(all.Length / time.TotalSeconds, used.TotalMilliseconds / all.Length, all[all.Length / 2]);
    }

    /// <summary>A text that there was not before.</summary>
    private string NextText()
    {
        long number = Interlocked.Increment(ref _texts);
        string[] chosen = new string[words];
        long rest = number;
        for (int i = 0; i < words; i++)
        {
            chosen[i] = Words[(int)((rest + 7 * i) % Words.Length)];
            rest /= Words.Length;
        }
        return string.Join(' ', chosen);
    }
}

/// <summary>What encoding texts takes.</summary>
/// <param name="PerSecond">Texts.</param>
/// <param name="CoreMs">Time of cores a text, milliseconds: a ratio of these is little disturbed by what else the machine does.</param>
/// <param name="MedianMs">Time of a text from its caller's side, milliseconds.</param>
internal readonly record struct EmbedFigures(double PerSecond, double CoreMs, double MedianMs);
