using System.Numerics;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>How far the searches of a list have come: what an item can be worth at best that none of them came by.</summary>
/// <remarks>
/// Every item of any kind that is nearer to a row than its reach is a candidate, and likewise every item of a floor's kind. Searches that
/// refuse full values, or look for items of several floors at once, say nothing here.
/// </remarks>
/// <param name="rows">Query rows that share the list.</param>
/// <param name="floors">Floors of the query.</param>
/// <param name="maxDistance">The farthest that may be returned; null for any.</param>
internal sealed class SearchReach(int rows, int floors, float? maxDistance)
{
    private readonly float[] _distances = [.. Enumerable.Repeat(float.NegativeInfinity, rows * (floors + 1))];

    /// <summary>Takes note of what a search found.</summary>
    /// <param name="row">Its query row.</param>
    /// <param name="refinement">What it looked for.</param>
    /// <param name="hits">All that it found, nearest first.</param>
    /// <param name="isAll">True when there are no more.</param>
    /// <returns>True when it came farther than those before.</returns>
    public bool Note(int row, Refinement refinement, ReadOnlySpan<SearchHit> hits, bool isAll)
    {
        if (refinement.FullSlots.Count > 0 || BitOperations.PopCount(refinement.Floors) > 1)
            return false;
        int part = refinement.Floors == 0 ? 0 : 1 + BitOperations.TrailingZeroCount(refinement.Floors);
        ref float own = ref _distances[row * (floors + 1) + part];
        float before = own;
        if (hits.Length > 0 && !isAll)
            own = Math.Max(before, hits[^1].Distance > maxDistance ? float.PositiveInfinity : hits[^1].Distance);
        for (int other = 0; isAll && other < rows; other++)
            _distances[other * (floors + 1) + part] = float.PositiveInfinity;
        return own > before;
    }

    /// <summary>True when all items of a floor's kind that may be returned are candidates.</summary>
    public bool IsWhole(int floor)
    {
        for (int row = 0; row < rows; row++)
            if (!float.IsPositiveInfinity(Math.Max(Of(row, 0), Of(row, 1 + floor))))
                return false;
        return true;
    }

    /// <summary>The least distance of an item that is no candidate; infinite when all are.</summary>
    public float Nearest()
    {
        float nearest = float.PositiveInfinity;
        for (int row = 0; row < rows; row++)
            nearest = Math.Min(nearest, Of(row, 0));
        return nearest;
    }

    /// <summary>
    /// What is left at best of the score of an item that is no candidate, with the premiums of the floors that it may be of.
    /// </summary>
    /// <param name="premiums">Of the query's floors, then of the rows' if there are such.</param>
    /// <param name="scoreOf">Score of a distance.</param>
    /// <param name="next">Which search lowers it.</param>
    public double Best(double[] premiums, Func<float, double> scoreOf, out Refinement next)
    {
        double best = double.NegativeInfinity;
        next = Refinement.None;
        for (int row = 0; row < rows; row++)
        {
            // An item of several floors is as far as the farthest of their reaches: all floors up to one are the worst case for it.
            float plain = Of(row, 0);
            double sum = premiums.Length > floors ? premiums[floors + row] : 0;
            Offer(plain, -1, ref best, ref next);
            foreach (int floor in Enumerable.Range(0, floors).Where(floor => premiums[floor] > 0).OrderBy(floor => Of(row, 1 + floor)))
            {
                sum += premiums[floor];
                Offer(Math.Max(plain, Of(row, 1 + floor)), floor, ref best, ref next);
            }

            void Offer(float distance, int floor, ref double best, ref Refinement next)
            {
                double score = float.IsPositiveInfinity(distance) ? double.NegativeInfinity : scoreOf(distance) + sum;
                if (score <= best)
                    return;
                best = score;
                next = floor < 0 ? Refinement.None : new Refinement([], 1u << floor);
            }
        }
        return best;
    }

    private float Of(int row, int part) => _distances[row * (floors + 1) + part];
}
