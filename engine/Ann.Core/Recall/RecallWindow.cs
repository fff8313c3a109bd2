namespace Ann.Core.Recall;

/// <summary>The last samples of live recall of one kind of query. Not safe for several threads.</summary>
/// <param name="capacity">Samples kept.</param>
internal sealed class RecallWindow(int capacity)
{
    private readonly double[] _ring = new double[capacity];
    private long _added;

    /// <summary>Samples ever added.</summary>
    public long Added => _added;

    /// <summary>Recall over the samples kept. Summed anew, so that no rounding gathers.</summary>
    public RecallInterval Interval
    {
        get
        {
            int count = (int)Math.Min(_added, capacity);
            double sum = 0;
            foreach (double recall in _ring.AsSpan(0, count))
                sum += recall;
            return RecallInterval.Of(sum, count);
        }
    }

    /// <summary>The samples kept, the oldest first.</summary>
    public double[] Samples
    {
        get
        {
            int count = (int)Math.Min(_added, capacity);
            double[] samples = new double[count];
            for (int i = 0; i < count; i++)
                samples[i] = _ring[(_added - count + i) % capacity];
            return samples;
        }
    }

    /// <summary>Adds a sample; the oldest one gives way.</summary>
    /// <param name="recall">Of one query, 0 to 1.</param>
    public void Add(double recall) => _ring[_added++ % capacity] = recall;
}

/// <summary>A measured share, and where the true one lies at 95 % confidence.</summary>
/// <param name="Recall">Mean of the samples, 0 to 1.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Samples">Queries measured.</param>
internal readonly record struct RecallInterval(double Recall, double Low, double High, int Samples)
{
    private const double Z = 1.959964;

    /// <summary>
    /// Wilson's interval (1927). A query counts as one trial, not as k: what a query misses it misses together. No share between 0 and 1
    /// scatters more than one that is always 0 or 1, so the interval is never too narrow.
    /// </summary>
    /// <param name="sum">Sum of the recall of each query.</param>
    /// <param name="samples">Queries; 0 knows nothing.</param>
    public static RecallInterval Of(double sum, int samples)
    {
        if (samples == 0)
            return new RecallInterval(0, 0, 1, 0);
        double share = Math.Clamp(sum / samples, 0, 1);
        double spread = Z * Z / samples;
        double middle = (share + spread / 2) / (1 + spread);
        double half = Z / (1 + spread) * Math.Sqrt(share * (1 - share) / samples + spread / (4 * samples));
        return new RecallInterval(share, Math.Max(0, middle - half), Math.Min(1, middle + half), samples);
    }
}
