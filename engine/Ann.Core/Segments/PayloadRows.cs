using Ann.Core.Payloads;

namespace Ann.Core.Segments;

/// <summary>
/// The section that holds the payloads of a build's rows: where each ends, then the bytes. Those are read from where they are while the
/// file is written; here are only the ends, 8 bytes a row.
/// </summary>
internal sealed class PayloadRows
{
    /// <summary>Payloads that are shorter are gathered to pieces of this many bytes; others are handed on as they lie.</summary>
    private const int PieceBytes = 64 << 10;

    private readonly RowPayload _read;
    private readonly long[] _ends;
    private readonly byte[] _piece = new byte[PieceBytes];

    private PayloadRows(RowPayload read, long[] ends)
    {
        _read = read;
        _ends = ends;
    }

    /// <summary>Asks for the lengths of all payloads.</summary>
    /// <param name="read">Where they are; null when no row has one.</param>
    /// <param name="rows">Rows of the build.</param>
    /// <returns>Null when no row has one: the file then has no such section.</returns>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: one is too long; names its row.</exception>
    public static PayloadRows? Of(RowPayload? read, int rows)
    {
        if (read is null)
            return null;
        long[]? ends = null;
        long end = 0;
        for (int row = 0; row < rows; row++)
        {
            int length = read(row).Length;
            if (length > PayloadColumn.MaxBytes)
            {
                throw AnnException.Invalid(
                    "payloads", $"the payload of row {row} takes {length} bytes; at most {PayloadColumn.MaxBytes} are taken.");
            }
            end += length;
            if (end > 0)
                (ends ??= new long[rows])[row] = end;
        }
        return ends is null ? null : new PayloadRows(read, ends);
    }

    /// <summary>Adds the section.</summary>
    public void AddTo(SegmentWriter writer)
    {
        long table = _ends.Length * (long)sizeof(long);
        writer.Add(SectionKind.Payloads, table + _ends[^1], offset => offset < table ? Ends(offset) : Bytes(offset - table));
    }

    private ReadOnlySpan<byte> Ends(long offset)
    {
        int first = (int)(offset / sizeof(long));
        int count = Math.Min(_ends.Length - first, PieceBytes / sizeof(long));
        return System.Runtime.InteropServices.MemoryMarshal.AsBytes(_ends.AsSpan(first, count));
    }

    private ReadOnlySpan<byte> Bytes(long offset)
    {
        int row = FirstEndingBehind(offset);
        ReadOnlySpan<byte> payload = _read(row)[(int)(offset - (row == 0 ? 0 : _ends[row - 1]))..];
        if (payload.Length >= PieceBytes)
            return payload;
        int gathered = 0;
        while (payload.Length <= PieceBytes - gathered)
        {
            payload.CopyTo(_piece.AsSpan(gathered));
            gathered += payload.Length;
            if (++row == _ends.Length)
                break;
            payload = _read(row);
        }
        return _piece.AsSpan(0, gathered);
    }

    /// <summary>The row whose payload holds the byte of an offset: rows without one end where the row before does.</summary>
    private int FirstEndingBehind(long offset)
    {
        int from = 0;
        int to = _ends.Length - 1;
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            if (_ends[middle] > offset)
                to = middle;
            else
                from = middle + 1;
        }
        return from;
    }
}
