using System.Globalization;
using Ann.Core.Segments;

namespace Ann.Tool.Reports;

/// <summary>A point of a certificate.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Beam width.</param>
/// <param name="Recall">Share of the exact k nearest that came back, 0 to 1.</param>
internal sealed record RecallAtBeam(int K, int Ef, double Recall);

/// <summary>What a certificate says of recall, by k and beam width.</summary>
internal static class CertificateTable
{
    /// <summary>All points, by k, then beam width.</summary>
    public static IReadOnlyList<RecallAtBeam> Of(Certificate certificate) =>
    [
        .. certificate.EfRecall.Select(static point => new RecallAtBeam(10, point.Ef, point.Recall)),
        .. certificate.EfRecall100.Select(static point => new RecallAtBeam(100, point.Ef, point.Recall)),
    ];

    /// <summary>
    /// The point that a floor looks at: the one nearest to <see cref="RecallFloor.Ef"/>; null where there is none of that k.
    /// </summary>
    public static RecallAtBeam? PointOf(IReadOnlyList<RecallAtBeam> points, int k) =>
        points.Where(point => point.K == k).MinBy(static point => Math.Abs(point.Ef - RecallFloor.Ef));

    /// <summary>Writes them as a table: a line a beam width, a column a k.</summary>
    public static void Print(TextWriter text, IReadOnlyList<RecallAtBeam> points)
    {
        if (points.Count == 0)
            return;
        int[] ks = [.. points.Select(static point => point.K).Distinct()];
        text.WriteLine($"  {"ef",7}" + string.Concat(ks.Select(static k => $"{"recall@" + k,13}")));
        foreach (int ef in points.Select(static point => point.Ef).Distinct().Order())
        {
            text.WriteLine($"  {ef,7}" + string.Concat(ks.Select(k => $"{Cell(points, k, ef),13}")));
        }
    }

    private static string Cell(IReadOnlyList<RecallAtBeam> points, int k, int ef) =>
        points.FirstOrDefault(point => point.K == k && point.Ef == ef)?.Recall.ToString("F4", CultureInfo.InvariantCulture) ?? "";
}
