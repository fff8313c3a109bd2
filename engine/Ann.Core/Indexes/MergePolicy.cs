namespace Ann.Core.Indexes;

/// <summary>
/// Which segments of a generation are rewritten next. Searches visit few segments: the head, heads that wait, and sealed segments, of
/// which there are <see cref="LiveIndexOptions.MaxSealedSegments"/> when writes pause and at most twice as many while they go on.
/// </summary>
internal static class MergePolicy
{
    /// <summary>Segments merged at once: fewer rewrite the same row more often, more take longer to show an effect.</summary>
    private const int FewestMerged = 4;

    /// <summary>Chooses, or returns an empty list when there is nothing to do.</summary>
    /// <param name="parts">Of a generation, oldest first, the head last.</param>
    /// <param name="options">Limits.</param>
    /// <param name="all">True when everything but the head is to become one segment without dead rows.</param>
    /// <param name="below">Files are merged to fewer rows than this: more had no room lately. Heads are sealed all the same.</param>
    public static IReadOnlyList<IndexPart> Choose(
        IReadOnlyList<IndexPart> parts, LiveIndexOptions options, bool all, long below = long.MaxValue)
    {
        List<IndexPart> frozen = [.. parts.Take(parts.Count - 1).Where(static part => part.IsHead)];
        List<IndexPart> files = [.. parts.Where(static part => !part.IsHead)];
        if (all)
        {
            bool done = frozen.Count == 0 && files.Count <= 1 && files.All(static part => part.Dead == 0);
            return done ? [] : [.. parts.Take(parts.Count - 1)];
        }

        if (below > 0 && files.Find(static part => part.Live == 0 && part.Segment.Count > 0) is { } empty)
            return [empty]; // costs nothing
        // Heads are dear: they are float32 rows in memory, and a start replays them. Only when searches would visit too many files do
        // these come first.
        if (frozen.Count > 0 && files.Count < 2 * options.MaxSealedSegments)
            return Sealed(frozen);
        List<IndexPart> rotten = Fitting(files.Where(part => part.DeadShare > options.MaxDeadShare), below);
        if (rotten.Count > 0)
            return Widened(rotten, files, below);
        return files.Count > options.MaxSealedSegments ? Smallest(files, below) : Sealed(frozen);
    }

    /// <summary>The oldest head, if it may keep its graph; otherwise all at once: they are built anew.</summary>
    private static List<IndexPart> Sealed(List<IndexPart> frozen)
    {
        List<IndexPart> oldest = [.. frozen.Take(1)];
        return SegmentMerge.IsSeal(oldest) ? oldest : frozen;
    }

    /// <summary>As many of some files, the smallest first, as give fewer rows than a number.</summary>
    private static List<IndexPart> Fitting(IEnumerable<IndexPart> files, long below)
    {
        List<IndexPart> fitting = [];
        long rows = 0;
        foreach (IndexPart part in files.OrderBy(static part => part.Live).ToArray())
        {
            rows += part.Live;
            if (rows >= below)
                break;
            fitting.Add(part);
        }
        return fitting;
    }

    /// <summary>What must be rewritten takes smaller ones along, and costs no more than twice as much for it.</summary>
    private static List<IndexPart> Widened(List<IndexPart> chosen, List<IndexPart> files, long below)
    {
        long rows = chosen.Sum(static part => (long)part.Live);
        foreach (IndexPart part in files.Except(chosen).OrderBy(static part => part.Live).ToArray())
        {
            if (part.Live > rows || rows + part.Live >= below)
                break;
            chosen.Add(part);
            rows += part.Live;
        }
        return [.. files.Where(chosen.Contains)];
    }

    private static List<IndexPart> Smallest(List<IndexPart> files, long below)
    {
        List<IndexPart> chosen = Fitting(files.OrderBy(static part => part.Live).Take(FewestMerged), below);
        return chosen.Count < 2 ? [] : Widened(chosen, files, below); // one by itself would become one again
    }
}
