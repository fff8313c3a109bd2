namespace Ann.Core.Searching;

/// <summary>
/// What an answer must hold to be right, and how much of it an answer holds: recall = (strictly nearer items found + min(tied items found,
/// wanted − strictly nearer items that exist)) / wanted. Every recall that the product tells is counted by this.
/// </summary>
/// <remarks>
/// <para>Which of several items at the distance of the last is "true" is chance, so each of them is right, but only for the places that are
/// left to them: ten items of the last one's distance do not make up for ten nearer ones that are missing.</para>
/// <para>Tied are distances within <see cref="Tolerance"/> of the last exact one, relative to its size: the scale of the rows does not
/// matter, and neither does the sign. It is what float32 kernels round equal sums to when they add them in another order. Distances that
/// are compared come from one kernel; where they do not, or where products cancel, a scale of the operands can be given.</para>
/// </remarks>
internal readonly record struct TieAwareRecall
{
    /// <summary>Relative width of a tie, to either side: two units in the last place of a float32.</summary>
    public const double Tolerance = 1.0 / (1 << 22);

    private readonly double _least;
    private readonly double _most;

    private TieAwareRecall(int wanted, int nearer, double last, double margin)
    {
        Wanted = wanted;
        Nearer = nearer;
        _least = last - margin;
        _most = last + margin;
    }

    /// <summary>Items of a right answer: k, or all that exist where they are fewer. With 0 every answer is right.</summary>
    public int Wanted { get; }

    /// <summary>Items strictly nearer than the last of a right answer, fewer than <see cref="Wanted"/>. The others tie with it.</summary>
    public int Nearer { get; }

    /// <summary>Of the distances of the k nearest, or of all items where there are fewer.</summary>
    /// <param name="exact">Finite, in any order; smaller is nearer.</param>
    /// <param name="scale">
    /// Size of the numbers that the distances were computed from, where it may be larger than the last one; 0 or more.
    /// </param>
    public static TieAwareRecall Of(ReadOnlySpan<double> exact, double scale = 0)
    {
        if (exact.IsEmpty)
            return default;
        double last = double.NegativeInfinity;
        foreach (double distance in exact)
            last = Math.Max(last, distance);
        double margin = MarginOf(last, scale);
        int nearer = 0;
        foreach (double distance in exact)
            nearer += distance < last - margin ? 1 : 0;
        return new TieAwareRecall(exact.Length, nearer, last, margin);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{double}, double)"/>
    /// <param name="exact">In any order.</param>
    public static TieAwareRecall Of(ReadOnlySpan<Neighbor> exact)
    {
        double[] distances = new double[exact.Length];
        for (int i = 0; i < distances.Length; i++)
            distances[i] = exact[i].Distance;
        return Of(distances);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{double}, double)"/>
    /// <param name="exact">In any order.</param>
    public static TieAwareRecall Of(ReadOnlySpan<SearchHit> exact)
    {
        double[] distances = new double[exact.Length];
        for (int i = 0; i < distances.Length; i++)
            distances[i] = exact[i].Distance;
        return Of(distances);
    }

    /// <summary>True when a distance is that of an item which no right answer lacks.</summary>
    public bool IsNearer(double distance) => distance < _least;

    /// <summary>True when a distance ties with the last.</summary>
    public bool IsTied(double distance) => distance >= _least && distance <= _most;

    /// <summary>Items of an answer that are right, 0 to <see cref="Wanted"/>.</summary>
    /// <param name="nearerFound">Distinct items of it that are strictly nearer than the last.</param>
    /// <param name="tiedFound">Distinct items of it that tie with the last.</param>
    public int CountRight(int nearerFound, int tiedFound) => CountRight(nearerFound, tiedFound, Nearer, Wanted);

    /// <summary>The same where only numbers are known.</summary>
    /// <param name="nearerFound">Distinct items of the answer that are strictly nearer than the last.</param>
    /// <param name="tiedFound">Distinct items of it that tie with the last.</param>
    /// <param name="nearer">Items that are strictly nearer, 0 to <paramref name="wanted"/>.</param>
    /// <param name="wanted">Items of a right answer.</param>
    public static int CountRight(int nearerFound, int tiedFound, int nearer, int wanted) =>
        Math.Min(nearerFound, nearer) + Math.Min(tiedFound, wanted - nearer);

    /// <summary>Items of an answer that are right, 0 to <see cref="Wanted"/>. An item given twice is right once.</summary>
    /// <param name="found">In any order.</param>
    public int CountRight(ReadOnlySpan<Neighbor> found)
    {
        (int nearer, int tied) = (0, 0);
        HashSet<int> seen = new(found.Length);
        foreach (Neighbor result in found)
            if (seen.Add(result.Node))
                Count(result.Distance, ref nearer, ref tied);
        return CountRight(nearer, tied);
    }

    /// <inheritdoc cref="CountRight(ReadOnlySpan{Neighbor})"/>
    public int CountRight(ReadOnlySpan<SearchHit> found)
    {
        (int nearer, int tied) = (0, 0);
        HashSet<(int, int)> seen = new(found.Length);
        foreach (SearchHit hit in found)
            if (seen.Add((hit.Segment, hit.Node)))
                Count(hit.Distance, ref nearer, ref tied);
        return CountRight(nearer, tied);
    }

    /// <summary>Recall of an answer, 0 to 1; 1 where there is nothing to find.</summary>
    /// <param name="found">In any order.</param>
    public double RecallOf(ReadOnlySpan<Neighbor> found) => Share(CountRight(found));

    /// <inheritdoc cref="RecallOf(ReadOnlySpan{Neighbor})"/>
    public double RecallOf(ReadOnlySpan<SearchHit> found) => Share(CountRight(found));

    private static double MarginOf(double last, double scale) => Tolerance * Math.Max(Math.Abs(last), scale);

    private void Count(double distance, ref int nearer, ref int tied)
    {
        if (IsNearer(distance))
            nearer++;
        else if (IsTied(distance))
            tied++;
    }

    private double Share(int right) => Wanted == 0 ? 1 : (double)right / Wanted;
}
