using Ann.Core.Searching;

namespace Ann.Core.Recall;

/// <summary>
/// How far the server has gone down in quality, so as not to refuse. A value: each admission makes the next one. Reads no clock.
/// </summary>
/// <remarks>
/// <para>Steps: 1 takes ¾ of the beam width, 2 a half, 3 the least, k; 4 reranks only the nearer half of the k as well, so that the others
/// keep the order and the scores of the codes. No width goes below k.</para>
/// <para>The pressure is the fullest of three measures: the share of the waiting places that are taken; the time that the call which is
/// admitted had waited, as a share of <see cref="LongWait"/>; and twice the share of the last calls whose deadlines left no time to wait,
/// since where deadlines are short nobody waits long. Step n is taken as soon as the pressure reaches <see cref="Entry"/>(n). It is left
/// for the one above when the pressure has stayed below half of that for <see cref="Calm"/>; a longer calm leaves several.</para>
/// </remarks>
/// <param name="Step">0 to <see cref="Steps"/>.</param>
/// <param name="CalmSince">Time at which the pressure fell below half of the step's entry, or was last above it.</param>
internal readonly record struct BrownOutLadder(int Step, TimeSpan CalmSince)
{
    /// <summary>Steps below full quality.</summary>
    public const int Steps = 4;

    /// <summary>A wait that counts as full pressure.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(20);

    /// <summary>Time that pressure must be low for one step up.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    /// <summary>Pressure from which a step is taken: 1/8, 1/4, 1/2, 3/4.</summary>
    public static double Entry(int step) => step switch
    {
        <= 1 => 0.125,
        2 => 0.25,
        3 => 0.5,
        _ => 0.75,
    };

    /// <summary>The pressure that a call meets when it is admitted, 0 to 1.</summary>
    /// <param name="waiting">Calls that wait now.</param>
    /// <param name="places">Calls that may wait; 0 where none may.</param>
    /// <param name="waited">Time that this one waited.</param>
    /// <param name="lateShare">Share of the last calls that had no time to wait for a place, 0 to 1.</param>
    public static double Pressure(long waiting, int places, TimeSpan waited, double lateShare)
    {
        double filled = places == 0 ? 0 : (double)waiting / places;
        return Math.Clamp(Math.Max(Math.Max(filled, waited / LongWait), 2 * lateShare), 0, 1);
    }

    /// <summary>The ladder after one more admission.</summary>
    /// <param name="pressure">What the call met, 0 to 1.</param>
    /// <param name="now">Time since any fixed moment; never decreases.</param>
    public BrownOutLadder After(double pressure, TimeSpan now)
    {
        int down = Step;
        while (down < Steps && pressure >= Entry(down + 1))
            down++;
        if (down > Step)
            return new BrownOutLadder(down, now);
        if (Step == 0 || pressure >= Entry(Step) / 2)
            return this with { CalmSince = now };
        int up = (int)Math.Min(Step, (now - CalmSince) / Calm);
        return up > 0 ? new BrownOutLadder(Step - up, now) : this;
    }

    /// <summary>The search at a step of the ladder. An exact one stays as it is.</summary>
    /// <param name="parameters">What was asked for.</param>
    /// <param name="step">0 to <see cref="Steps"/>.</param>
    public static SearchParameters Reduce(in SearchParameters parameters, int step)
    {
        if (step == 0 || parameters.Exact)
            return parameters;
        int ef = parameters.BeamWidth;
        int reduced = step switch
        {
            1 => ef * 3 / 4,
            2 => ef / 2,
            _ => parameters.K,
        };
        return parameters with { EfSearch = Math.Max(reduced, parameters.K), MostReranked = MostReranked(parameters.K, step) };
    }

    /// <summary>Share of its time that the search of a call with BEST_SO_FAR takes at a step at most.</summary>
    /// <param name="step">0 to <see cref="Steps"/>.</param>
    public static double TimeShare(int step) => step switch
    {
        0 => 1,
        1 => 0.75,
        2 => 0.5,
        3 => 0.25,
        _ => 0.125,
    };

    /// <summary>Most candidates that are reranked at a step; 0 for as many as the answer needs.</summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="step">0 to <see cref="Steps"/>.</param>
    public static int MostReranked(int k, int step) => step < Steps ? 0 : Math.Max(1, k / 2);
}
