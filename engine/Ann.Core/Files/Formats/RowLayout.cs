namespace Ann.Core.Files.Formats;

/// <summary>
/// How a binary file lays out a matrix, as its header says: rows one after another, each with the same number of components.
/// </summary>
/// <param name="Rows">Rows, 1 or more.</param>
/// <param name="Columns">Components of a row, 1 to <see cref="MaxColumns"/>.</param>
/// <param name="Element">What a component is.</param>
/// <param name="DataOffset">Where the first row begins, in bytes.</param>
/// <param name="HasRowPrefix">True when each row begins with its number of components (the <c>vecs</c> family).</param>
internal readonly record struct RowLayout(long Rows, int Columns, ElementType Element, long DataOffset, bool HasRowPrefix = false)
{
    /// <summary>Most components of a row. What our indexes take, and a limit on what a hostile header can make us allocate.</summary>
    public const int MaxColumns = 65_536;

    /// <summary>Bytes of the prefix of a row.</summary>
    public int PrefixSizeInBytes => HasRowPrefix ? sizeof(int) : 0;

    /// <summary>Bytes of a row, with its prefix.</summary>
    public int RowSizeInBytes => Columns * Element.SizeInBytes() + PrefixSizeInBytes;

    /// <summary>Refuses a layout that the file cannot have.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: no rows, dimension out of range, or a size other than the header promises.
    /// </exception>
    public void Check(string path, long sizeInBytes)
    {
        CheckColumns(path, Columns);
        if (Rows <= 0)
            throw AnnException.BadInput(path, "", "it holds no rows.");

        // At most 2^63 rows of 2^19 bytes: wider than a long, so that no header can make the sum wrap around.
        Int128 expected = DataOffset + (Int128)Rows * RowSizeInBytes;
        string promised = $"{Rows} rows of {Columns} {Element.ToName()} take {expected} bytes; found {sizeInBytes} bytes";
        if (sizeInBytes < expected)
        {
            long row = (sizeInBytes - DataOffset) / RowSizeInBytes;
            throw AnnException.BadInput(path, $"row {row}", $"the file ends inside this row: {promised}.");
        }
        if (sizeInBytes > expected)
            throw AnnException.BadInput(path, $"byte {expected}", $"there is more after the last row: {promised}.");
    }

    /// <summary>Refuses a number of components that is out of range.</summary>
    public static void CheckColumns(string path, long columns)
    {
        if (columns is < 1 or > MaxColumns)
            throw AnnException.BadInput(path, "header", $"the dimension is {columns}; it must be 1 to {MaxColumns}.");
    }
}
