using Ann.Core;

namespace Ann.Bench.Verbs;

/// <summary>A metric whose name an option has checked.</summary>
internal static class VerbMetric
{
    public static Metric Of(string name) =>
        MetricExtensions.TryParse(name, out Metric metric)
            ? metric
            : throw new ArgumentOutOfRangeException(nameof(name), name, "no metric");
}
