using Ann.Core.Files;

namespace Ann.Core.Segments;

/// <summary>
/// The rows of a compact segment, read from its file one by one: what a rerank has looked at stays no memory of the process. Walks do not
/// come here.
/// </summary>
/// <param name="file">The segment's.</param>
/// <param name="mapping">Of the same file, for those who look at rows in place.</param>
/// <param name="offset">Of the first row, bytes.</param>
/// <param name="rowBytes">From one row to the next.</param>
/// <param name="count">Rows.</param>
internal sealed unsafe class RowReads(FileReads file, FileMapping mapping, long offset, int rowBytes, int count)
{
    /// <summary>Reads a row if it is in the system's memory.</summary>
    /// <param name="node">Which.</param>
    /// <param name="row">Room for it.</param>
    public bool TryReadNow(int node, float* row) => file.TryReadNow(PlaceOf(node), (byte*)row, rowBytes);

    /// <summary>Reads a row, and waits for the device where it must.</summary>
    /// <param name="node">Which.</param>
    /// <param name="row">Room for it.</param>
    public void Read(int node, float* row) => file.Read(PlaceOf(node), new Span<byte>(row, rowBytes));

    /// <summary>Asks for a row that will be read soon.</summary>
    public void Ask(int node) => file.Ask(PlaceOf(node), rowBytes);

    /// <summary>After a scan of the rows in place: they are no longer memory of the process.</summary>
    public void Release() => mapping.ReleasePages(offset, (long)count * rowBytes);

    private long PlaceOf(int node) => offset + (long)node * rowBytes;
}
