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
