using System.Diagnostics.Metrics;

namespace Ann.Server.Telemetry;

/// <summary>
/// The series of one gauge. Exporters repeat the last value of a series that is told no more; so a series that is gone is told as such.
/// </summary>
/// <param name="gone">Value of a series that is gone; no number, by default, which no alert is about.</param>
internal sealed class GaugeSeries(double gone = double.NaN)
{
    /// <summary>Series that are remembered.</summary>
    private const int Most = 4096;

    private readonly Dictionary<string, KeyValuePair<string, object?>[]> _told = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>What there is now, and what there was.</summary>
    public IEnumerable<Measurement<double>> With(IEnumerable<Measurement<double>> now)
    {
        lock (_lock)
        {
            List<Measurement<double>> all = [.. now];
            HashSet<string> present = new(StringComparer.Ordinal);
            foreach (Measurement<double> one in all)
            {
                string key = string.Join('\n', one.Tags.ToArray().Select(static tag => tag.Value));
                present.Add(key);
                if (_told.Count < Most)
                    _told.TryAdd(key, one.Tags.ToArray());
            }
            all.AddRange(_told.Where(told => !present.Contains(told.Key))
                .Select(told => new Measurement<double>(gone, told.Value)));
            return all;
        }
    }
}
