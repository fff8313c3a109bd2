using System.Globalization;

namespace Ann.Bench.Reports;

/// <summary>The compact table of standard output.</summary>
internal static class PeersTable
{
    public static void Print(TextWriter text, PeersReport report)
    {
        text.WriteLine(
            $"{report.Set.Base}: {report.Set.Rows:N0} x {report.Set.Dimension}, {report.Set.Metric}, {report.Set.QueryCount:N0} queries,"
            + $" k {report.K}, M {report.M}, efConstruction {report.EfConstruction}, {RangeNotes.Rounds(report)}, core {report.Core}");
        text.WriteLine(report.Machine.ToText());
        foreach (int threads in report.Engines.SelectMany(engine => engine.Threads).Select(part => part.Threads).Distinct())
        {
            text.WriteLine();
            text.WriteLine(
                $"{threads} searching thread(s); x = times hnswlib at equal recall, median of the rounds, then their range; "
                + "cpu = processor time of a query, and times hnswlib by that");
            text.WriteLine(
                $"{"recall",-8}{"engine",-16}{"qps",10}{"x",13}{"range",14}{"ef",7}{"p50 us",9}{"p99 us",9}{"cpu us",9}{"x cpu",8}"
                + $"{"visited",10}");
            foreach (double recall in PeersReport.Targets)
            {
                foreach (EngineReport engine in report.Engines)
                {
                    if (engine.Threads.FirstOrDefault(part => part.Threads == threads) is not ThreadsReport part)
                        continue;
                    TargetReport target = part.Targets.First(candidate => candidate.Recall == recall);
                    text.WriteLine(
                        $"{recall,-8}{engine.Name,-16}{Cells.Qps(target),10}{Cells.Ratio(target),13}{Cells.RatioRange(target),14}"
                        + $"{Cells.Ef(target),7}{Cells.P50(target),9}{Cells.P99(target),9}{Cells.Cpu(target),9}{Cells.CpuRatio(target),8}"
                        + $"{Cells.Visited(target),10}");
                }
            }
        }

        text.WriteLine();
        text.WriteLine(
            $"{"engine",-16}{"build s (threads)",26}{"disk B/row",12}{"memory B/row",14}{"private",10}{"mapped",10}{"alloc B/query",15}");
        foreach (EngineReport engine in report.Engines)
        {
            string builds = string.Join(' ', engine.Builds.Select(
                build => string.Create(CultureInfo.InvariantCulture, $"{build.Seconds:F1} ({build.Threads})")));
            string allocated = engine.AllocatedPerQuery < 0 ? "-" : engine.AllocatedPerQuery.ToString("F2", CultureInfo.InvariantCulture);
            text.WriteLine(
                $"{engine.Name,-16}{builds,26}{engine.DiskBytesPerRow,12:F0}{engine.MemoryPerRow.Total,14:F0}"
                + $"{engine.MemoryPerRow.Anonymous,10:F0}{engine.MemoryPerRow.File,10:F0}{allocated,15}");
        }
        foreach (string note in RangeNotes.Of(report))
            text.WriteLine(note);
        foreach (MissingEngine missing in report.Missing)
            text.WriteLine($"{missing.Name}: not here: {missing.Remedy}");
    }
}
