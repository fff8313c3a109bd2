using System.Globalization;
using Ann.Tool.Judged;

namespace Ann.Bench.Reports;

/// <summary>What <c>judged</c> measured of one encoder on one collection.</summary>
internal sealed record JudgedCell
{
    /// <summary>How far the index's scores may be off those of an exact search.</summary>
    public const double Margin = 0.005;

    public required string Collection { get; init; }

    public required string Encoder { get; init; }

    public required string Fingerprint { get; init; }

    public required int Passages { get; init; }

    /// <summary>Those that have judgements.</summary>
    public required int Queries { get; init; }

    public required RankingScores Exact { get; init; }

    public required RankingScores Index { get; init; }

    /// <summary>True when the index answers as well as an exact search does.</summary>
    public bool IsKept =>
        Math.Abs(Exact.Ndcg - Index.Ndcg) <= Margin && Math.Abs(Exact.Recall - Index.Recall) <= Margin;
}

/// <summary>The cells as a table of text.</summary>
internal static class JudgedTable
{
    /// <summary>The heads of the columns.</summary>
    public static void PrintHead(TextWriter text)
    {
        text.WriteLine($"{"",-36}{"exact",16}{"index",20}");
        text.WriteLine($"{"collection",-16}{"encoder",-16}  {"nDCG@10",9}{"R@100",9}  {"nDCG@10",9}{"R@100",9}");
    }

    /// <summary>A line.</summary>
    public static void Print(TextWriter text, JudgedCell cell) => text.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{cell.Collection,-16}{cell.Encoder,-16}  {cell.Exact.Ndcg,9:F4}{cell.Exact.Recall,9:F4}  "
        + $"{cell.Index.Ndcg,9:F4}{cell.Index.Recall,9:F4}{(cell.IsKept ? "" : "  !")}"));
}
