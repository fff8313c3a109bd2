using System.Collections.Concurrent;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tool.Interactions;

/// <summary>The k best items for each user, by number, without those that the user has seen.</summary>
internal static class UserAnswers
{
    /// <summary>Those of an index file.</summary>
    /// <param name="segment">The file.</param>
    /// <param name="numbers">The number of each of its items, by node.</param>
    /// <param name="users">Who is asked for.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    /// <param name="cancellation">Asks for an end.</param>
    public static int[][] OfIndex(
        SealedSegment segment, int[] numbers, IReadOnlyList<HeldOutUser> users, SearchParameters parameters,
        CancellationToken cancellation)
    {
        Dictionary<int, int> nodes = numbers.Select(static (number, node) => (number, node)).ToDictionary();
        int[][] answers = new int[users.Count][];
        using ThreadLocal<Scratch> scratches = new(() => new Scratch(segment.Count, parameters.K), trackAllValues: true);
        try
        {
            Parallel.ForEach(
                Partitioner.Create(0, users.Count), new ParallelOptions { CancellationToken = cancellation }, range =>
                {
                    Scratch scratch = scratches.Value!;
                    for (int user = range.Item1; user < range.Item2 && !cancellation.IsCancellationRequested; user++)
                        answers[user] = Ask(segment, numbers, users[user], nodes, scratch, parameters, cancellation);
                });
        }
        finally
        {
            foreach (Scratch scratch in scratches.Values)
                scratch.Mask.Dispose();
        }
        cancellation.ThrowIfCancellationRequested();
        return answers;
    }

    /// <summary>The items that most users took, the same for all but for what each has seen; ties by key.</summary>
    /// <param name="candidates">Numbers of the items that may be answered.</param>
    /// <param name="counts">Events by number.</param>
    /// <param name="names">Keys of the numbers.</param>
    /// <param name="users">Who is asked for.</param>
    /// <param name="k">Items of an answer.</param>
    public static int[][] OfPopularity(
        IEnumerable<int> candidates, int[] counts, ItemNames names, IReadOnlyList<HeldOutUser> users, int k)
    {
        int most = users.Max(static user => user.Seen.Count) + k;
        int[] popular =
        [
            .. candidates.OrderByDescending(item => item < counts.Length ? counts[item] : 0)
                .ThenBy(item => names[item], StringComparer.Ordinal).Take(most),
        ];
        return [.. users.Select(user => popular.Where(item => !user.Seen.Contains(item)).Take(k).ToArray())];
    }

    private static int[] Ask(
        SealedSegment segment, int[] numbers, HeldOutUser user, Dictionary<int, int> nodes, Scratch scratch, SearchParameters parameters,
        CancellationToken cancellation)
    {
        foreach (int item in user.Seen)
            if (nodes.TryGetValue(item, out int node))
                scratch.Mask.Words[node >> 6] &= ~(1UL << (node & 63));
        scratch.Mask.Recount();
        SegmentQuery query = new()
        {
            Queries = user.Vector,
            Parameters = parameters,
            Budget = SearchBudget.Unlimited with { Cancellation = cancellation },
            Mask = user.Seen.Count == 0 ? null : scratch.Mask,
        };
        segment.Search(in query, scratch.Found, scratch.Counts, scratch.Statistics);
        foreach (int item in user.Seen)
            if (nodes.TryGetValue(item, out int node))
                scratch.Mask.Words[node >> 6] |= 1UL << (node & 63);
        return [.. scratch.Found.Take(scratch.Counts[0]).Select(found => numbers[found.Node])];
    }

    /// <summary>What one thread needs.</summary>
    private sealed class Scratch
    {
        public Scratch(int nodes, int k)
        {
            Mask = new NodeMask(nodes, nodes);
            Mask.Fill();
            Found = new Neighbor[k];
        }

        public NodeMask Mask { get; }

        public Neighbor[] Found { get; }

        public int[] Counts { get; } = new int[1];

        public SearchStatistics[] Statistics { get; } = new SearchStatistics[1];
    }
}
