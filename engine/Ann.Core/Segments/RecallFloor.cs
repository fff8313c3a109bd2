using System.Globalization;

namespace Ann.Core.Segments;

/// <summary>
/// The recall that a new segment is held to, and what was measured of it in words. Measured means: as the certificate has it, at the beam
/// of <see cref="Ef"/> or the nearest that was measured.
/// </summary>
/// <param name="Least">Recall@10 wanted, 0 to 1.</param>
internal readonly record struct RecallFloor(double Least)
{
    /// <summary>
    /// The beam width that is looked at: wide enough for nearly every set to reach 0.99, and no wider than servers are asked for.
    /// </summary>
    public const int Ef = 256;

    /// <summary>
    /// What is warned of where nobody says otherwise: below it something is wrong with the rows, or they are as hard as noise.
    /// </summary>
    public static RecallFloor Default => new(0.95);

    /// <summary>The point of the certificate that is looked at; null when nothing was measured, as of a single row.</summary>
    public static EfRecall? PointOf(Certificate certificate) =>
        certificate.EfRecall.MinBy(static point => Math.Abs(point.Ef - Ef));

    /// <summary>What misses the floor, as a sentence; null when nothing does.</summary>
    public string? Shortfall(Certificate certificate) => PointOf(certificate) is { } point && point.Recall < Least
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"recall@10 is {point.Recall:0.0000} at ef {point.Ef}, below {Least:0.####}.")
        : null;

    /// <summary>What was measured, as a sentence.</summary>
    public static string InWords(Certificate certificate)
    {
        if (PointOf(certificate) is not { } wide)
            return "Nothing was measured: there is no other row to find.";
        EfRecall narrow = certificate.EfRecall.MinBy(static point => Math.Abs(point.Ef - Ef / 4))!;
        string codes = certificate.CodesRecall10 is { } scan
            ? string.Create(CultureInfo.InvariantCulture, $" A scan by codes finds {scan:0.0000} of them.")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Of the 10 nearest of sampled rows a walk finds {narrow.Recall:0.0000} at ef {narrow.Ef} and "
            + $"{wide.Recall:0.0000} at ef {wide.Ef}.{codes}");
    }
}
