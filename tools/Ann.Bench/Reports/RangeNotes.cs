using System.Globalization;
using Ann.Bench.Curves;
using Ann.Bench.Peers;

namespace Ann.Bench.Reports;

/// <summary>What a reader must know before figures of a busy machine are believed, in sentences.</summary>
internal static class RangeNotes
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>How many rounds there are, and how many were to be.</summary>
    public static string Rounds(PeersReport report) => report.Rounds == report.RoundsAsked
        ? $"{report.Rounds} round{(report.Rounds == 1 ? "" : "s")}"
        : $"{report.Rounds} of {report.RoundsAsked} rounds, since the run was cut off";

    /// <summary>A sentence for each engine and number of threads of which the rounds differ much; none of a quiet machine.</summary>
    public static IEnumerable<string> Of(PeersReport report) =>
        from engine in report.Engines
        where engine.Name != PeerEngine.Baseline
        from part in engine.Threads
        let wide = part.Targets.Where(static target => target.Ratio is { Times.IsWide: true }).ToList()
        where wide.Count > 0
        let worst = wide.MaxBy(static target => (target.Ratio!.Times.Max - target.Ratio.Times.Min) / target.Ratio.Times.Median)!
        select string.Create(
            Invariant,
            $"warning: the rounds of {engine.Name} on {part.Threads} thread{(part.Threads == 1 ? "" : "s")} differ by more than "
            + $"{Spread.Quiet:P0} at recall {string.Join(", ", wide.Select(static target => target.Recall.ToString(Invariant)))}; at "
            + $"{worst.Recall} from {worst.Ratio!.Times.Min:F2} to {worst.Ratio.Times.Max:F2} times {PeerEngine.Baseline}{ByCpu(worst)}. "
            + $"Something else ran, or a point is too short: leave the machine alone, ask for more --rounds or a longer --point-ms.");

    private static string ByCpu(TargetReport target) => target.CpuRatio is not { Times: Spread times }
        ? ""
        : string.Create(Invariant, $", by processor time from {times.Min:F2} to {times.Max:F2}");
}
