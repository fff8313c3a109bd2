using Ann.Protocol.V1;
using Ann.Tool.Evaluation;

namespace Ann.Tool.Load;

/// <summary>
/// Recall@k of the very answers that a run got back. Keys are rows of the base. An answer whose score equals that of a true neighbour
/// beside it ties with it and counts too, since which of the tied is "true" is chance.
/// </summary>
internal sealed class AnswerRecall
{
    private readonly LoadRequests _requests;
    private readonly int[] _sorted;
    private readonly int _k;

    /// <param name="requests">What was sent.</param>
    /// <param name="truth">Neighbours of each query.</param>
    public AnswerRecall(LoadRequests requests, GroundTruth truth)
    {
        _requests = requests;
        _k = truth.K;
        _sorted = truth.Nodes.ToArray();
        for (int query = 0; query < truth.Count; query++)
            _sorted.AsSpan(query * _k, _k).Sort();
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
            ReadOnlySpan<int> truth = _sorted.AsSpan(_requests.QueryOf(number, row) * _k, _k);
            right += CountRight(truth, response, (int)response.RowOffsets[row], (int)response.RowOffsets[row + 1]);
        }
        wanted = rows * _k;
        return right;
    }

    private int CountRight(ReadOnlySpan<int> truth, SearchResponse response, int start, int end)
    {
        end = Math.Min(end, start + _k);
        int right = 0;
        for (int i = start; i < end; i++)
        {
            if (i > start && response.Keys.Numbers[i] == response.Keys.Numbers[i - 1])
                continue; // An item given twice is right once.
            if (IsTrue(truth, response, i) || TiesWithTrue(truth, response, start, end, i))
                right++;
        }
        return right;
    }

    /// <summary>Results come nearest first, so equal scores stand together.</summary>
    private static bool TiesWithTrue(ReadOnlySpan<int> truth, SearchResponse response, int start, int end, int position)
    {
        float score = response.Scores[position];
        for (int i = position - 1; i >= start && response.Scores[i] == score; i--)
            if (IsTrue(truth, response, i))
                return true;
        for (int i = position + 1; i < end && response.Scores[i] == score; i++)
            if (IsTrue(truth, response, i))
                return true;
        return false;
    }

    private static bool IsTrue(ReadOnlySpan<int> truth, SearchResponse response, int position) =>
        response.Keys.Numbers[position] is <= int.MaxValue and ulong key && truth.BinarySearch((int)key) >= 0;
}
