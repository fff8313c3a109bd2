using Ann.Core.Searching;

namespace Ann.Core.Indexes;

/// <summary>
/// How much of a search one of several segments gets. Were the items spread over the segments by chance, a segment with a share of the
/// living rows would hold about that share of the nearest ones; so it is first asked for that many and a few deviations more, with a
/// beam of the same share. Where it gives all that it was asked for and each of them is in the answer, chance it was not, and it is
/// asked again for everything.
/// </summary>
internal static class BeamShare
{
    /// <summary>A walk narrower than this loses its way among near nodes, and costs hardly less.</summary>
    private const int NarrowestBeam = 16;

    /// <summary>Standard deviations beyond the expected share of the beam.</summary>
    private const double BeamDeviations = 2;

    /// <summary>
    /// Standard deviations beyond the expected share of the results; and one more, which tells that there were no
    /// others.
    /// </summary>
    private const double ResultDeviations = 2;

    /// <summary>What to ask of a segment first.</summary>
    /// <param name="whole">What is asked of all.</param>
    /// <param name="share">Of the living rows, 0 to 1.</param>
    /// <returns>
    /// Fewer results and a narrower beam; or <paramref name="whole"/>, when it is exact or the beam would be as wide.
    /// </returns>
    public static SearchParameters Of(in SearchParameters whole, double share)
    {
        int k = Math.Min(whole.K, Part(whole.K, share, ResultDeviations) + 1);
        int ef = Math.Max(Math.Max(k, NarrowestBeam), Part(whole.BeamWidth, share, BeamDeviations));
        return whole.Exact || ef >= whole.BeamWidth ? whole : whole with { K = k, EfSearch = ef };
    }

    /// <summary>The share of a number, and so many deviations of a binomial distribution.</summary>
    private static int Part(int whole, double share, double deviations)
    {
        double expected = whole * share;
        return (int)Math.Ceiling(expected + deviations * Math.Sqrt(Math.Max(0, expected * (1 - share))));
    }
}
