using System.Globalization;

namespace Ann.Core.Segments;

/// <summary>
/// How many values lie where. Bin <c>i</c> holds those from <c>Edges[i]</c> to below <c>Edges[i + 1]</c>; the last its end too.
/// </summary>
internal sealed record Histogram
{
    /// <summary>Bins at most.</summary>
    public const int MostBins = 96;

    /// <summary>Bins of equal width of a histogram of counts; beyond them each is twice as wide as the one before.</summary>
    private const int EvenBins = 64;

    /// <summary>Bins of a histogram of sizes.</summary>
    private const int SizeBins = 48;

    /// <summary>Largest by smallest, from which the bins of sizes grow by a factor and not by a step.</summary>
    private const float WideSpread = 100;

    /// <summary>Spread, as a share of the largest, below which sizes are one: what rounding makes of equal ones.</summary>
    private const float NoSpread = 1e-5f;

    /// <summary>Ends of the bins, ascending, one more than there are bins.</summary>
    public IReadOnlyList<double> Edges { get; init => field = value ?? []; } = [];

    /// <summary>Values in each bin.</summary>
    public IReadOnlyList<long> Counts { get; init => field = value ?? []; } = [];

    /// <summary>The histogram of whole numbers from 0, such as links of a node.</summary>
    /// <param name="often">How often each number is there: <c>often[7]</c> times a 7.</param>
    public static Histogram OfFrequencies(ReadOnlySpan<long> often)
    {
        long values = 0;
        double sum = 0;
        for (int number = 0; number < often.Length; number++)
        {
            values += often[number];
            sum += (double)number * often[number];
        }
        if (values == 0)
            return new Histogram();
        List<double> edges = EdgesOfNumbers(sum / values, often.LastIndexOfAnyExcept(0));
        long[] counts = new long[edges.Count - 1];
        int at = 0;
        for (int number = 0; number < edges[^1] && number < often.Length; number++)
        {
            if (number >= edges[at + 1])
                at++;
            counts[at] += often[number];
        }
        return new Histogram { Edges = edges, Counts = counts };
    }

    /// <summary>The same of the numbers themselves.</summary>
    /// <param name="numbers">0 and more, in any order.</param>
    /// <param name="idleZeros">As many of the zeros do not count.</param>
    public static Histogram OfNumbers(ReadOnlySpan<int> numbers, int idleZeros = 0)
    {
        int most = 0;
        double sum = 0;
        foreach (int number in numbers)
        {
            most = Math.Max(most, number);
            sum += number;
        }
        if (numbers.Length <= idleZeros)
            return new Histogram();
        List<double> edges = EdgesOfNumbers(sum / (numbers.Length - idleZeros), most);
        long[] counts = new long[edges.Count - 1];
        counts[0] -= idleZeros;
        foreach (int number in numbers)
        {
            int place = edges.BinarySearch(number);
            counts[place >= 0 ? place : ~place - 1]++;
        }
        return new Histogram { Edges = edges, Counts = counts };
    }

    /// <summary>
    /// The histogram of sizes, 0 and more: by equal steps, or by equal factors where the largest is a hundred times the smallest; zeros
    /// then have a bin of their own.
    /// </summary>
    /// <param name="sorted">Ascending and finite.</param>
    public static Histogram OfSizes(ReadOnlySpan<float> sorted)
    {
        if (sorted.IsEmpty)
            return new Histogram();
        float low = sorted[0];
        float high = sorted[^1];
        if (high - low <= high * NoSpread)
            return new Histogram { Edges = [low, high], Counts = [sorted.Length] };
        int zeros = sorted.IndexOfAnyExcept(0f);
        float least = sorted[Math.Max(zeros, 0)];
        bool isWide = high / least >= WideSpread;
        List<double> edges = isWide && zeros > 0 ? [0] : [];
        float from = isWide ? least : low;
        edges.Add(from);
        for (int bin = 1; bin < SizeBins; bin++)
        {
            double share = (double)bin / SizeBins;
            double edge = Rounded(isWide ? from * Math.Pow((double)high / from, share) : from + ((double)high - from) * share);
            if (edge > edges[^1] && edge < high)
                edges.Add(edge);
        }
        edges.Add(high);
        long[] counts = new long[edges.Count - 1];
        int at = 0;
        foreach (float value in sorted)
        {
            while (at < counts.Length - 1 && value >= edges[at + 1])
                at++;
            counts[at]++;
        }
        return new Histogram { Edges = edges, Counts = counts };
    }

    /// <summary>What no measurement gives; null when there is nothing of it.</summary>
    public string? Fault()
    {
        if (Counts.Count == 0 && Edges.Count == 0)
            return null;
        if (Counts.Count > MostBins || Edges.Count != Counts.Count + 1)
            return $"a histogram has {Counts.Count} bins and {Edges.Count} edges; it may have {MostBins} bins, and one edge more.";
        for (int bin = 0; bin < Counts.Count; bin++)
        {
            if (Counts[bin] < 0)
                return $"a bin of a histogram holds {Counts[bin]} values; it must be 0 or more.";
            if (!(Edges[bin] >= 0 && Edges[bin] <= Edges[bin + 1] && double.IsFinite(Edges[bin + 1])))
                return $"a bin of a histogram goes from {Edges[bin]} to {Edges[bin + 1]}; it must not end before it begins.";
        }
        return null;
    }

    /// <summary>Bins of one width up to four times the mean, where a tail begins that would leave all others in one bin.</summary>
    private static List<double> EdgesOfNumbers(double mean, int most)
    {
        int even = (int)Math.Min(most + 1.0, Math.Ceiling(4 * mean) + 1);
        int width = (even + EvenBins - 1) / EvenBins;
        List<double> edges = [0];
        while (edges[^1] <= most)
        {
            edges.Add(edges[^1] + width);
            if (edges[^1] >= even)
                width = (int)Math.Min(2L * width, int.MaxValue);
        }
        return edges;
    }

    /// <summary>Four digits: enough to draw, and the same whatever library computed a power.</summary>
    private static double Rounded(double value) =>
        double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
