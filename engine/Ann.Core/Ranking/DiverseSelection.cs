using System.Diagnostics;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>How like candidates are, in the unit of their scores.</summary>
internal interface ISimilarities
{
    /// <summary>Similarity of one candidate to others.</summary>
    /// <param name="item">The one.</param>
    /// <param name="others">Candidates.</param>
    /// <param name="similarities">As many.</param>
    void Between(int item, ReadOnlySpan<int> others, Span<float> similarities);
}

/// <summary>
/// Maximal marginal relevance under caps and floors: each next item is the one with the largest λ·score − (1 − λ)·(largest similarity to
/// those before it), of those with which the list can still become as full as it can be. Ties go to the better score.
/// </summary>
/// <remarks>
/// A completion of the list is kept at hand: an item of it can always follow. For another, the completion is changed by one exchange, or
/// else found anew (<see cref="QuotaSelection"/>), that a limited number of times. An item that cannot follow now never can later.
/// </remarks>
internal sealed class DiverseSelection
{
    private const int MostCompletions = 256;

    /// <summary>Similarities between two looks at the budget: some 100 µs at a thousand dimensions.</summary>
    private const int SimilaritiesPerCheck = 256;

    private readonly QuotaProblem _problem;
    private readonly QuotaWork _work;
    private readonly double _lambda;
    private readonly bool _hasQuotas;
    private readonly QuotaValue _goal;
    private readonly bool[] _isInCompletion;
    private QuotaChoice _completion;
    private int _completionsLeft = MostCompletions;

    private DiverseSelection(QuotaProblem problem, float lambda, QuotaChoice fullest, QuotaWork work)
    {
        _work = work;
        _problem = problem;
        _lambda = lambda;
        _hasQuotas = problem.SlotCount + problem.FloorCount > 0;
        _goal = fullest.Value;
        _completion = fullest;
        _isInCompletion = new bool[problem.Count];
        foreach (int item in fullest.Items)
            _isInCompletion[item] = true;
    }

    /// <summary>Chooses.</summary>
    /// <param name="problem">Candidates, best first.</param>
    /// <param name="fullest">A choice of them by score alone: the list becomes as full.</param>
    /// <param name="lambda">0 to 1.</param>
    /// <param name="similarities">Of the candidates.</param>
    /// <param name="budget">When it passes, the items of the completion follow as they are.</param>
    /// <param name="stopped">Why it ended early.</param>
    /// <param name="work">Of the list; null for each completion's own limits.</param>
    /// <returns>Items in the order of their choice.</returns>
    public static int[] Run(
        QuotaProblem problem, QuotaChoice fullest, float lambda, ISimilarities similarities, in SearchBudget budget,
            out StopReason stopped, QuotaWork? work = null) =>
        new DiverseSelection(problem, lambda, fullest, work ?? QuotaWork.Unlimited).Choose(similarities, in budget, out stopped);

    private int[] Choose(ISimilarities similarities, in SearchBudget budget, out StopReason stopped)
    {
        QuotaState state = new(_problem);
        List<int> list = new(_problem.K);
        int[] open = new int[_problem.Count];
        for (int item = 0; item < open.Length; item++)
            open[item] = item;
        float[] nearest = new float[open.Length];
        float[] found = new float[open.Length];
        int left = open.Length;
        stopped = StopReason.None;
        while (state.Room > 0 && left > 0)
        {
            int place = BestOf(open.AsSpan(0, left), nearest, list.Count > 0);
            int item = open[place];
            // The order is kept: the first of equals is the better one by score.
            Array.Copy(open, place + 1, open, place, left - place - 1);
            Array.Copy(nearest, place + 1, nearest, place, left - place - 1);
            left--;
            if (_hasQuotas && !CanFollow(state, item))
                continue;
            state.Add(item);
            list.Add(item);
            if (left == 0 || state.Room == 0)
                break;
            for (int from = 0; from < left; from += SimilaritiesPerCheck)
            {
                if ((stopped = budget.Check()) != StopReason.None)
                    break;
                int count = Math.Min(SimilaritiesPerCheck, left - from);
                similarities.Between(item, open.AsSpan(from, count), found.AsSpan(from, count));
            }
            if (stopped != StopReason.None)
                break;
            for (int i = 0; i < left; i++)
                nearest[i] = list.Count == 1 ? found[i] : Math.Max(nearest[i], found[i]);
        }
        foreach (int item in stopped == StopReason.None ? [] : _completion.Items)
        {
            if (state.Has(item) || !state.Fits(item))
                continue;
            state.Add(item);
            list.Add(item);
        }
        return [.. list];
    }

    private int BestOf(ReadOnlySpan<int> open, float[] nearest, bool isFollowing)
    {
        int best = 0;
        double highest = double.NegativeInfinity;
        for (int i = 0; i < open.Length; i++)
        {
            double value = _lambda * _problem.ScoreOf(open[i]) - (isFollowing ? (1 - _lambda) * nearest[i] : 0);
            if (value > highest)
                (best, highest) = (i, value);
        }
        return best;
    }

    /// <summary>True when the list can take an item and still become as full; the completion then has it.</summary>
    private bool CanFollow(QuotaState list, int item)
    {
        if (_isInCompletion[item])
            return true;
        if (!list.Fits(item))
            return false;
        QuotaState completion = new(_problem);
        completion.Reset(_completion.Items);
        return TryExchange(list, completion, item) || TryCompleteAnew(list, item);
    }

    private bool TryExchange(QuotaState list, QuotaState completion, int item)
    {
        for (int i = _completion.Items.Length - 1; i >= 0; i--)
        {
            int other = _completion.Items[i];
            if (list.Has(other))
                continue;
            completion.Remove(other);
            if (completion.Fits(item))
            {
                completion.Add(item);
                if (completion.Value.IsAsFull(_goal))
                {
                    Keep(QuotaChoice.Of(completion, isProven: false));
                    return true;
                }
                completion.Remove(item);
            }
            completion.Add(other);
        }
        return false;
    }

    private bool TryCompleteAnew(QuotaState list, int item)
    {
        if (_completionsLeft-- <= 0 || _work.IsDone)
            return false;
        int[] chosen = [.. list.Chosen, item];
        QuotaChoice choice = QuotaSelection.Run(_problem, chosen, _goal, _work);
        if (!choice.Value.IsAsFull(_goal))
            return false;
        Keep(choice);
        return true;
    }

    private void Keep(QuotaChoice completion)
    {
        Debug.Assert(completion.Value.IsAsFull(_goal));
        Array.Clear(_isInCompletion);
        foreach (int item in completion.Items)
            _isInCompletion[item] = true;
        _completion = completion;
    }
}
