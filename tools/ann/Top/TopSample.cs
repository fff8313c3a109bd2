namespace Ann.Tool.Top;

/// <summary>What a server tells at one moment.</summary>
/// <param name="At">The moment: a timestamp of the tool's clock.</param>
/// <param name="Values">Its metrics.</param>
internal sealed record TopSample(long At, IReadOnlyList<ExposedValue> Values)
{
    /// <summary>Sum of the series of a name that have these labels; 0 where there is none.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => Find(name, labels).Sum(static one => one.Value);

    /// <summary>The series of a name that have these labels and a number.</summary>
    public IEnumerable<ExposedValue> Find(string name, params (string Label, string Value)[] labels) => Values.Where(
        one => one.Name == name && !double.IsNaN(one.Value)
            && labels.All(label => one.Labels.GetValueOrDefault(label.Label) == label.Value));

    /// <summary>
    /// A quantile of what a histogram counted since another sample, as Prometheus reckons it: even within a bucket. Null where it counted
    /// nothing.
    /// </summary>
    /// <param name="before">The earlier sample.</param>
    /// <param name="name">Of the histogram.</param>
    /// <param name="quantile">0 to 1.</param>
    /// <param name="labels">That the series must have.</param>
    public double? Quantile(TopSample before, string name, double quantile, params (string Label, string Value)[] labels)
    {
        SortedDictionary<double, double> buckets = [];
        Add(this, 1);
        Add(before, -1);
        double all = buckets.Count == 0 ? 0 : buckets.Values.Last();
        if (all <= 0)
            return null;
        double wanted = quantile * all;
        double low = 0;
        double below = 0;
        foreach ((double high, double count) in buckets)
        {
            if (count >= wanted && count > below)
                return double.IsPositiveInfinity(high) ? low : low + (high - low) * (wanted - below) / (count - below);
            (low, below) = (high, count);
        }
        return low;

        void Add(TopSample sample, double sign)
        {
            foreach (ExposedValue one in sample.Find(name + "_bucket", labels))
            {
                if (one.Labels.TryGetValue("le", out string? text))
                {
                    double bound = text == "+Inf"
                        ? double.PositiveInfinity
                        : double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
                    buckets[bound] = buckets.GetValueOrDefault(bound) + sign * one.Value;
                }
            }
        }
    }
}
