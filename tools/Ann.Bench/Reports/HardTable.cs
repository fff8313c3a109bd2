using System.Globalization;
using System.Text;
using Ann.Bench.Hard;

namespace Ann.Bench.Reports;

/// <summary>What <c>hard</c> measured, as a table of text: a line for each set, k and beam width.</summary>
internal static class HardTable
{
    private const int Width = 14;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>What the columns are.</summary>
    public static void PrintHead(TextWriter text)
    {
        text.WriteLine(
            "Recall, then certificate - recall. ! below 0.99 at ef 256 where hnswlib or f32 reaches it, and for copies at ef 128 in any "
            + "case; < more than 0.02 below the better of the two; c certificate more than 0.02 off.");
        text.WriteLine();
        StringBuilder line = new($"{"set",-24}{"k",4}{"ef",5}{"hnswlib",9}  ");
        foreach (HardColumn column in HardColumn.All)
            line.Append(column.Name.PadRight(Width));
        text.WriteLine(line.ToString().TrimEnd());
    }

    /// <summary>One set.</summary>
    public static void Print(TextWriter text, HardSetReport set)
    {
        foreach (IGrouping<(int K, int Ef), HardCell> group in set.Cells.GroupBy(static cell => (cell.K, cell.Ef)))
        {
            StringBuilder line = new($"{set.Name,-24}{group.Key.K,4}{group.Key.Ef,5}");
            line.Append((group.First().Peer is double peer ? peer.ToString("F3", Invariant) : "-").PadLeft(9)).Append("  ");
            foreach (HardCell cell in group)
                line.Append(Words(cell).PadRight(Width));
            text.WriteLine(line.ToString().TrimEnd());
        }
    }

    /// <summary>The end of the table.</summary>
    public static void PrintVerdict(TextWriter text, HardReport report)
    {
        HardCell[] cells = [.. report.Sets.SelectMany(static set => set.Cells)];
        text.WriteLine();
        text.WriteLine(
            $"{cells.Count(static cell => cell.IsKept)} of {cells.Length} cells keep the promise; {cells.Count(static cell => cell.IsLow)} "
            + $"are below 0.99, {cells.Count(static cell => cell.IsBehind)} behind, "
            + $"{cells.Count(static cell => cell.IsMiscertified)} have a wrong certificate."
            + (report.Missing is null ? "" : $" hnswlib was not compared: {report.Missing.Remedy}."));
        text.WriteLine(report.Machine.ToText());
    }

    private static string Words(HardCell cell)
    {
        string recall = cell.Recall.ToString("F3", Invariant);
        string off = cell.Certified is double certified ? (certified - cell.Recall).ToString("+.000;-.000; .000", Invariant) : "";
        return $"{recall}{off}{(cell.IsLow ? "!" : "")}{(cell.IsBehind ? "<" : "")}{(cell.IsMiscertified ? "c" : "")}";
    }
}
