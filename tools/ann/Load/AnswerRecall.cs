using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Tool.Evaluation;

namespace Ann.Tool.Load;

/// <summary>
/// Recall@k of the very answers that a run got back, by <see cref="TieAwareRecall"/>. Keys are rows of the base. An answer that is no true
/// neighbour, but has the score of one beside it, ties with the k-th: from the place of that one on, the truth is one of several.
/// </summary>
internal sealed class AnswerRecall
{
    private readonly LoadRequests _requests;
    private readonly Dictionary<int, int>[] _places;
    private readonly int _k;

    /// <param name="requests">What was sent.</param>
    /// <param name="truth">Neighbours of each query, nearest first.</param>
    public AnswerRecall(LoadRequests requests, GroundTruth truth)
    {
        _requests = requests;
        _k = truth.K;
        _places = new Dictionary<int, int>[truth.Count];
        for (int query = 0; query < truth.Count; query++)
        {
            _places[query] = new Dictionary<int, int>(_k);
            for (int place = 0; place < _k; place++)
                _places[query].TryAdd(truth[query][place], place);
        }
    }

    /// <summary>Results of the answer to request <paramref name="number"/> that are right.</summary>
    /// <param name="number">The request.</param>
    /// <param name="response">Its answer.</param>
    /// <param name="wanted">Results that an answer without fault has: k a row.</param>
    public int CountRight(long number, SearchResponse response, out int wanted)
    {
        int rows = response.RowOffsets.Count - 1;
        int right = 0;
        for (int row = 0; row < rows; row++)
        {
            Dictionary<int, int> places = _places[_requests.QueryOf(number, row)];
            right += CountRight(places, response, (int)response.RowOffsets[row], (int)response.RowOffsets[row + 1]);
        }
        wanted = rows * _k;
        return right;
    }

    /// <summary>
    /// The distance of the k-th is known where an answer that is no true neighbour ties with one that is. The true ones before the first
    /// that is known to tie count as nearer, so that recall is never told too high. Results come nearest first: ties stand together.
    /// </summary>
    private int CountRight(Dictionary<int, int> places, SearchResponse response, int start, int end)
    {
        end = Math.Min(end, start + _k);
        HashSet<ulong> seen = new(_k);
        List<int> found = new(_k); // places of the true neighbours
        int others = 0; // answers that are none and tie with the k-th
        int firstTied = _k;
        for (int from = start, to; from < end; from = to)
        {
            TieAwareRecall tie = TieAwareRecall.Of([response.Scores[from]]);
            (int untrue, int first) = (0, _k);
            for (to = from; to < end && tie.IsTied(response.Scores[to]); to++)
            {
                ulong key = response.Keys.Numbers[to];
                if (!seen.Add(key))
                    continue; // An item given twice is right once.
                if (places.TryGetValue(key <= int.MaxValue ? (int)key : -1, out int place))
                {
                    found.Add(place);
                    first = Math.Min(first, place);
                }
                else
                {
                    untrue++;
                }
            }
            if (first == _k || untrue == 0)
                continue;
            others += untrue;
            firstTied = Math.Min(firstTied, first);
        }
        int nearer = found.Count(place => place < firstTied);
        return TieAwareRecall.CountRight(nearer, found.Count - nearer + others, firstTied, _k);
    }
}
