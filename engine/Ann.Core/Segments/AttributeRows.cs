using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>The attributes of a build's rows, column by column, each text kept once; then the section that holds them.</summary>
/// <param name="schema">The attributes, one at least.</param>
internal sealed class AttributeRows(AttributeSchema schema)
{
    private readonly AttributeRowsColumn[] _columns = [.. schema.Fields.Select(static field => new AttributeRowsColumn(field))];
    private readonly int[] _set = new int[AttributeSchema.MaxSetSize];
    private byte[]? _head;

    /// <summary>Rows added so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the section. Set by <see cref="Seal"/>.</summary>
    public long SectionBytes { get; private set; }

    /// <summary>Appends a row without any value.</summary>
    public void AddMissing()
    {
        Debug.Assert(_head is null, "sealed");
        foreach (AttributeRowsColumn column in _columns)
            column.AddMissing();
        Count++;
    }

    /// <summary>Appends a row.</summary>
    /// <param name="items">Of the same schema.</param>
    /// <param name="item">Of those.</param>
    public void Add(AttributeBatch items, int item)
    {
        Debug.Assert(_head is null, "sealed");
        Debug.Assert(items.Schema.Equals(schema));
        for (int i = 0; i < _columns.Length; i++)
        {
            AttributeRowsColumn column = _columns[i];
            AttributeColumn from = items.Columns[i];
            if (!from.Has(item))
                column.AddMissing();
            else if (column.Form == AttributeForm.Text)
                column.AddKeyword(from.TextAt(item));
            else if (column.Form == AttributeForm.TextSet)
                column.AddSet(Ordinals(column, from, item));
            else
                column.AddNumber(from.Int64At(item));
        }
        Count++;
    }

    /// <summary>Appends the values of a node.</summary>
    /// <param name="table">Of the same schema.</param>
    /// <param name="node">Of that table.</param>
    public void Add(AttributeTable table, int node)
    {
        Debug.Assert(_head is null, "sealed");
        Debug.Assert(table.Schema.Equals(schema));
        for (int i = 0; i < _columns.Length; i++)
        {
            AttributeRowsColumn column = _columns[i];
            if (!table.Has(i, node))
                column.AddMissing();
            else if (column.Form == AttributeForm.Text)
                column.AddKeyword(table.KeywordAt(i, table.Keywords(i, node + 1)[node]));
            else if (column.Form == AttributeForm.TextSet)
                column.AddSet(Ordinals(column, table, i, node));
            else
                column.AddNumber(table.BitsOf(i, node));
        }
        Count++;
    }

    /// <summary>Sorts the dictionaries and fixes the places of all columns. Nothing is added behind it; it can be called again.</summary>
    public void Seal()
    {
        if (_head is not null)
            return;
        foreach (AttributeRowsColumn column in _columns)
            column.Seal();
        int names = schema.Fields.Sum(static field => field.Name.Length);
        int headBytes = AttributeSectionCheck.HeadSize + schema.Count * AttributeSectionCheck.EntrySize + names;
        _head = new byte[AttributeSectionCheck.Align(headBytes)];
        SectionBytes = WriteHead(_head);
    }

    /// <summary>Adds the section.</summary>
    public void AddTo(SegmentWriter writer)
    {
        Debug.Assert(_head is not null, "Seal comes before");
        List<(long Offset, SegmentWriter.Piece Read)> parts = [(0, offset => _head.AsSpan((int)offset))];
        long place = _head.Length;
        foreach (AttributeRowsColumn column in _columns)
        {
            foreach ((long length, SegmentWriter.Piece read) in column.Parts())
            {
                if (length > 0)
                    parts.Add((place, read));
                place += length;
            }
            long padding = AttributeSectionCheck.Align(place) - place;
            if (padding > 0 && column != _columns[^1])
                parts.Add((place, offset => new byte[padding - offset]));
            place += padding;
        }

        long[] starts = [.. parts.Select(static part => part.Offset)];
        writer.Add(SectionKind.Attributes, SectionBytes, offset =>
        {
            int part = Array.BinarySearch(starts, offset);
            part = part < 0 ? ~part - 1 : part;
            ReadOnlySpan<byte> bytes = parts[part].Read(offset - starts[part]);
            long left = (part + 1 < starts.Length ? starts[part + 1] : SectionBytes) - offset;
            return bytes[..(int)Math.Min(bytes.Length, left)];
        });
    }

    /// <summary>Writes what comes before the columns: counts, the table of columns and the names.</summary>
    /// <returns>Bytes of the whole section.</returns>
    private long WriteHead(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, schema.Count);
        int name = AttributeSectionCheck.HeadSize + schema.Count * AttributeSectionCheck.EntrySize;
        long end = bytes.Length;
        for (int i = 0; i < schema.Count; i++)
        {
            AttributeField field = schema.Fields[i];
            Span<byte> entry = bytes[(AttributeSectionCheck.HeadSize + i * AttributeSectionCheck.EntrySize)..];
            long offset = AttributeSectionCheck.Align(end);
            entry[0] = (byte)field.Type;
            entry[1] = (byte)field.Name.Length;
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], _columns[i].SizeInBytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry[24..], _columns[i].KeywordCount);
            name += Encoding.ASCII.GetBytes(field.Name, bytes[name..]);
            end = offset + _columns[i].SizeInBytes;
        }
        return end;
    }

    private Span<int> Ordinals(AttributeRowsColumn column, AttributeColumn from, int item)
    {
        int count = from.TextCount(item);
        for (int i = 0; i < count; i++)
            _set[i] = column.OrdinalOf(from.TextAt(item, i));
        return HeadAttributes.Distinct(_set.AsSpan(0, count));
    }

    private Span<int> Ordinals(AttributeRowsColumn column, AttributeTable table, int number, int node)
    {
        ReadOnlySpan<int> set = table.SetOf(number, node);
        for (int i = 0; i < set.Length; i++)
            _set[i] = column.OrdinalOf(table.KeywordAt(number, set[i]));
        return _set.AsSpan(0, set.Length);
    }
}
