using System.Diagnostics;

namespace Ann.Core.Segments;

/// <summary>Finds a number by its rank without sorting the others (Hoare, "Algorithm 65: Find", CACM 4(7), 1961).</summary>
internal static class KthSmallest
{
    private const int Few = 12, MostRounds = 64;

    /// <summary>The number that stands at a place once they are sorted. They change places.</summary>
    /// <param name="values">None of them NaN.</param>
    /// <param name="place">From 0.</param>
    public static float Of(Span<float> values, int place)
    {
        Debug.Assert(place >= 0 && place < values.Length);
        for (int round = 0; values.Length > Few && round < MostRounds; round++)
        {
            float pivot = MedianOf(values[0], values[values.Length / 2], values[^1]);
            (int left, int right) = (0, values.Length - 1);
            while (left <= right)
            {
                while (values[left] < pivot)
                    left++;
                while (values[right] > pivot)
                    right--;
                if (left <= right)
                {
                    (values[left], values[right]) = (values[right], values[left]);
                    left++;
                    right--;
                }
            }
            // Left of `left` there is nothing above the pivot, right of `right` nothing below it, and what is between them equals it.
            if (place <= right)
            {
                values = values[..(right + 1)];
            }
            else if (place >= left)
            {
                values = values[left..];
                place -= left;
            }
            else
            {
                return pivot;
            }
        }
        values.Sort();
        return values[place];
    }

    private static float MedianOf(float a, float b, float c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
