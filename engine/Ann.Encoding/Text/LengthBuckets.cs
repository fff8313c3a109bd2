using System.Diagnostics;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>
/// Which rows go into one inference, and how long they are padded: rows of like length together, so that little of the work is padding.
/// </summary>
internal static class LengthBuckets
{
    private const int Shortest = 8; // what people search for has some eight tokens, with the special ones

    /// <summary>The bucket of a length: 8, 12, 16, 24, 32, 48, … up to <paramref name="maxTokens"/>.</summary>
    public static int Padded(int length, int maxTokens)
    {
        Debug.Assert(length >= 0 && length <= maxTokens);

        int bucket = Shortest;
        while (bucket < length)
            bucket = int.IsPow2(bucket) ? bucket / 2 * 3 : bucket / 3 * 4;
        return Math.Min(bucket, maxTokens);
    }

    /// <summary>Writes the numbers of the rows, longest first; rows of one length stay in order.</summary>
    /// <param name="tokens">Every row of it takes part.</param>
    /// <param name="order">One per row.</param>
    public static void Sort(TokenBuffer tokens, Span<long> order)
    {
        Debug.Assert(order.Length == tokens.Rows);

        // Both parts in one integer sort faster than keys with items. The row is the lower half.
        for (int row = 0; row < order.Length; row++)
            order[row] = ((long)(int.MaxValue - tokens.Length(row)) << 32) | (uint)row;
        order.Sort();
        foreach (ref long key in order)
            key = (uint)key;
    }

    /// <summary>How many of the rows from <paramref name="first"/> on make the next batch, and how long it is padded.</summary>
    /// <param name="tokens">The rows.</param>
    /// <param name="order">As <see cref="Sort"/> wrote it.</param>
    /// <param name="first">First place of <paramref name="order"/> that has no batch yet.</param>
    /// <param name="limits">Bounds of a batch.</param>
    public static (int Rows, int PaddedTokens) Next(TokenBuffer tokens, ReadOnlySpan<long> order, int first, in BatchLimits limits)
    {
        int padded = limits.FixedTokens > 0 ? limits.FixedTokens : Padded(tokens.Length((int)order[first]), limits.MaxTokens);
        int most = limits.FixedRows > 0 ? limits.FixedRows : Math.Clamp(limits.BatchTokens / padded, 1, limits.BatchRows);
        int rows = 1;
        // Rows of less than half the length wait for a batch of their own: there they cost half.
        while (rows < most && first + rows < order.Length
            && (limits.FixedTokens > 0 || 2 * Padded(tokens.Length((int)order[first + rows]), limits.MaxTokens) >= padded))
            rows++;
        return (rows, padded);
    }
}

/// <summary>Bounds of one inference.</summary>
/// <param name="MaxTokens">Longest row.</param>
/// <param name="BatchRows">Rows at most.</param>
/// <param name="BatchTokens">Rows × padded tokens at most, unless a single row is longer.</param>
/// <param name="FixedRows">Rows that the graph insists on; -1 when it does not.</param>
/// <param name="FixedTokens">Tokens that the graph insists on; -1 when it does not.</param>
internal readonly record struct BatchLimits(int MaxTokens, int BatchRows, int BatchTokens, int FixedRows, int FixedTokens);
