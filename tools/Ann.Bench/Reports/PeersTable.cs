using System.Globalization;

namespace Ann.Bench.Reports;

/// <summary>The compact table of standard output.</summary>
internal static class PeersTable
{
    public static void Print(TextWriter text, PeersReport report)
    {
        text.WriteLine(
            $"{report.Set.Base}: {report.Set.Rows:N0} x {report.Set.Dimension}, {report.Set.Metric}, {report.Set.QueryCount:N0} queries,"
            + $" k {report.K}, M {report.M}, efConstruction {report.EfConstruction}, {report.Rounds} round(s), core {report.Core}");
        foreach (int threads in report.Engines.SelectMany(engine => engine.Threads).Select(part => part.Threads).Distinct())
        {
            text.WriteLine();
            text.WriteLine($"{threads} searching thread(s); x = times hnswlib at equal recall, median of the rounds, then their range");
            string head = $"{"engine",-16}";
            foreach (double recall in PeersReport.Targets)
                head += $"{"qps@" + recall.ToString("0.0##", CultureInfo.InvariantCulture),12}{"x",7}{"range",12}{"p50",6}{"p99",6}{"visited",9}";
            text.WriteLine(head);
            foreach (EngineReport engine in report.Engines)
            {
                if (engine.Threads.FirstOrDefault(part => part.Threads == threads) is not ThreadsReport part)
                    continue;
                string line = $"{engine.Name,-16}";
                foreach (TargetReport target in part.Targets)
                {
                    line += $"{Cells.Qps(target),12}{Cells.Ratio(target),7}{Cells.RatioRange(target),12}"
                        + $"{Cells.P50(target),6}{Cells.P99(target),6}{Cells.Visited(target),9}";
                }
                text.WriteLine(line);
            }
        }

        text.WriteLine();
        text.WriteLine($"{"engine",-16}{"build s (threads)",26}{"disk B/row",12}{"memory B/row",14}{"private",10}{"mapped",10}{"alloc B/query",15}");
        foreach (EngineReport engine in report.Engines)
        {
            string builds = string.Join(' ', engine.Builds.Select(
                build => string.Create(CultureInfo.InvariantCulture, $"{build.Seconds:F1} ({build.Threads})")));
            string allocated = engine.AllocatedPerQuery < 0 ? "-" : engine.AllocatedPerQuery.ToString("F2", CultureInfo.InvariantCulture);
            text.WriteLine(
                $"{engine.Name,-16}{builds,26}{engine.DiskBytesPerRow,12:F0}{engine.MemoryPerRow.Total,14:F0}"
                + $"{engine.MemoryPerRow.Anonymous,10:F0}{engine.MemoryPerRow.File,10:F0}{allocated,15}");
        }
        foreach (MissingEngine missing in report.Missing)
            text.WriteLine($"{missing.Name}: not here: {missing.Remedy}");
    }
}
