namespace Ann.Tool.Samples;

/// <summary>Lists of numbers, one a row, behind each other.</summary>
/// <param name="Ends">Where the list of each row ends.</param>
/// <param name="Members">All lists.</param>
internal sealed record SparseRows(int[] Ends, int[] Members)
{
    /// <summary>Rows.</summary>
    public int Count => Ends.Length;

    /// <summary>The list of a row.</summary>
    public ReadOnlySpan<int> this[int row] => Members.AsSpan((row == 0 ? 0 : Ends[row - 1])..Ends[row]);

    /// <summary>Sorts pairs by row; those of one row stay in their order.</summary>
    /// <param name="rows">Rows that there are.</param>
    /// <param name="items">What has the pairs.</param>
    /// <param name="pairOf">Row and member of one.</param>
    public static SparseRows Of<T>(int rows, IReadOnlyList<T> items, Func<T, (int Row, int Member)> pairOf)
    {
        int[] places = new int[rows + 1];
        foreach (T item in items)
            places[pairOf(item).Row + 1]++;
        for (int row = 0; row < rows; row++)
            places[row + 1] += places[row];
        int[] members = new int[items.Count];
        foreach (T item in items)
        {
            (int row, int member) = pairOf(item);
            members[places[row]++] = member;
        }
        return new SparseRows(places[..rows], members);
    }
}
