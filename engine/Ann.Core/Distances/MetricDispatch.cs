namespace Ann.Core.Distances;

/// <summary>What is compiled once for each distance, and run with that of a metric. A struct, so that nothing is allocated.</summary>
internal interface IDistanceVisitor<out TResult>
    where TResult : allows ref struct
{
    /// <summary>Runs it.</summary>
    TResult Visit<TDistance>()
        where TDistance : struct, IDistance;
}

/// <summary>The one switch from a metric to its kernel. It belongs above the loops over rows.</summary>
internal static class MetricDispatch
{
    /// <summary>Runs what is generic over a distance.</summary>
    /// <param name="metric">How nearness is measured. A value that is none throws, and is named.</param>
    /// <param name="visitor">What to run.</param>
    /// <param name="steady">True for the kernel whose sums have one order on every machine, which takes longer.</param>
    public static TResult Dispatch<TVisitor, TResult>(this Metric metric, TVisitor visitor, bool steady = false)
        where TVisitor : struct, IDistanceVisitor<TResult>, allows ref struct
        where TResult : allows ref struct => metric switch
        {
            Metric.L2 => steady ? visitor.Visit<SteadySquaredL2>() : visitor.Visit<SquaredL2>(),
            Metric.Cosine or Metric.InnerProduct => steady ? visitor.Visit<SteadyNegativeDot>() : visitor.Visit<NegativeDot>(),
        };
}
