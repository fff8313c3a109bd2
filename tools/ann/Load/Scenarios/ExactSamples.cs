using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Grpc.Core;

namespace Ann.Tool.Load.Scenarios;

/// <summary>Some of the answers of a phase, spread over it, and their recall against exact ones that are asked for later.</summary>
/// <param name="most">How many are kept.</param>
/// <param name="expected">Answers that the phase will have, about.</param>
internal sealed class ExactSamples(int most, double expected)
{
    private readonly long _every = Math.Max(1, (long)(expected / most));
    private readonly Lock _lock = new();
    private readonly List<(long Number, SearchResponse Answer)> _kept = [];
    private long _offered;

    /// <summary>Takes an answer, or not. Safe for any number of threads.</summary>
    public void Offer(long number, SearchResponse answer)
    {
        lock (_lock)
        {
            if (_offered++ % _every == 0 && _kept.Count < most)
                _kept.Add((number, answer));
        }
    }

    /// <summary>
    /// Mean recall of what was taken. Writes since then count as faults, so it is never told too high by more than they do.
    /// </summary>
    /// <param name="exact">Asks for a request exactly.</param>
    /// <param name="cancellation">Ends it early: what is known then counts.</param>
    /// <returns>Recall, null where nothing is known; and of how many answers.</returns>
    public async Task<(double? Recall, int Samples)> MeasureAsync(
        Func<long, CancellationToken, Task<SearchResponse?>> exact, CancellationToken cancellation)
    {
        double sum = 0;
        int known = 0;
        foreach ((long number, SearchResponse answer) in _kept)
        {
            try
            {
                if (cancellation.IsCancellationRequested)
                    break;
                if (await exact(number, cancellation) is SearchResponse truth && Recall(answer, truth) is double recall)
                {
                    sum += recall;
                    known++;
                }
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException)
            {
                // One that is refused now is not known: the number of samples tells.
            }
        }
        return (known == 0 ? null : sum / known, known);
    }

    /// <summary>Share of an exact answer that another one has, or results as near as its last; null where it is empty.</summary>
    public static double? Recall(SearchResponse answer, SearchResponse truth)
    {
        int wanted = 0;
        int right = 0;
        int lists = Math.Min(answer.RowOffsets.Count, truth.RowOffsets.Count) - 1;
        for (int list = 0; list < lists; list++)
        {
            int from = (int)truth.RowOffsets[list];
            int to = (int)truth.RowOffsets[list + 1];
            if (to == from)
                continue;
            HashSet<string> keys = [.. Enumerable.Range(from, to - from).Select(place => ServerConnection.KeyAt(truth.Keys, place))];
            TieAwareRecall last = TieAwareRecall.Of([truth.Scores[to - 1]]);
            int found = Enumerable.Range((int)answer.RowOffsets[list], (int)(answer.RowOffsets[list + 1] - answer.RowOffsets[list]))
                .Select(place => (Key: ServerConnection.KeyAt(answer.Keys, place), Score: answer.Scores[place]))
                .DistinctBy(static one => one.Key)
                .Count(one => keys.Contains(one.Key) || last.IsTied(one.Score));
            wanted += to - from;
            right += Math.Min(found, to - from);
        }
        return wanted == 0 ? null : (double)right / wanted;
    }
}
