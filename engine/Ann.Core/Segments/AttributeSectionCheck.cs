using System.Diagnostics;
using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>
/// Reads the section of attributes of a mapped file, and checks every length, ordinal and text in it: nothing behind it checks again.
/// <c>engine/docs/file-format.md</c> documents every byte.
/// </summary>
/// <param name="path">For errors.</param>
/// <param name="section">Place and length, which lie in the file.</param>
/// <param name="start">First byte of the section; a multiple of 8.</param>
/// <param name="count">Nodes of the segment.</param>
internal readonly unsafe struct AttributeSectionCheck(string path, Section section, byte* start, int count)
{
    /// <summary>Bytes before the table of columns.</summary>
    public const int HeadSize = 8;

    /// <summary>Bytes of an entry of that table.</summary>
    public const int EntrySize = 32;

    /// <summary>Everything begins at a multiple of this.</summary>
    public const int Alignment = 8;

    /// <summary>The table, once all of it is sound.</summary>
    /// <exception cref="AnnException">Corrupt: names the section and the byte.</exception>
    public SealedAttributes Run()
    {
        if (section.Length < HeadSize)
            throw Bad(0, $"{section.Length} bytes; {HeadSize} were expected at least.");
        uint fields = *(uint*)start;
        if (fields is 0 or > AttributeSchema.MaxFields)
            throw Bad(0, $"{fields} attributes; 1 to {AttributeSchema.MaxFields} were expected.");
        if (*(uint*)(start + 4) != 0)
            throw Bad(4, "a reserved byte is not 0.");
        if (section.Length < HeadSize + fields * EntrySize)
            throw Bad(0, $"{section.Length} bytes do not hold the table of {fields} attributes.");

        AttributeSchema schema = Schema((int)fields, out long end);
        SealedColumn[] columns = new SealedColumn[fields];
        for (int i = 0; i < columns.Length; i++)
        {
            byte* entry = Entry(i);
            long offset = *(long*)(entry + 8);
            long length = *(long*)(entry + 16);
            if (offset != Align(end))
                throw Bad(EntryAt(i) + 8, $"the column begins at {offset}; {Align(end)} was expected.");
            if (length < 0 || length > section.Length - offset)
                throw Bad(EntryAt(i) + 16, $"a column of {length} bytes does not fit the section.");
            columns[i] = Column(schema.Fields[i].Traits, i, offset, length);
            end = offset + length;
        }
        return end == section.Length
            ? new SealedAttributes(schema, columns)
            : throw Bad(0, $"the columns end at {end}; the section has {section.Length} bytes.");
    }

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private byte* Entry(int column) => start + EntryAt(column);

    private static long EntryAt(int column) => HeadSize + column * (long)EntrySize;

    private AttributeSchema Schema(int fields, out long end)
    {
        AttributeField[] found = new AttributeField[fields];
        end = EntryAt(fields);
        for (int i = 0; i < fields; i++)
        {
            byte* entry = Entry(i);
            if (new ReadOnlySpan<byte>(entry + 2, 6).ContainsAnyExcept((byte)0))
                throw Bad(EntryAt(i) + 2, "a reserved byte is not 0.");
            if (entry[1] > section.Length - end)
                throw Bad(EntryAt(i) + 1, $"a name of {entry[1]} bytes does not fit the section.");
            found[i] = new AttributeField(Encoding.Latin1.GetString(start + end, entry[1]), (AttributeType)entry[0]);
            end += entry[1];
        }
        try
        {
            return new AttributeSchema(found);
        }
        catch (AnnException e)
        {
            throw Bad(HeadSize, e.Message);
        }
    }

    private SealedColumn Column(AttributeTraits traits, int column, long offset, long length)
    {
        long keywords = *(long*)(Entry(column) + 24);
        bool hasText = traits.HasText;
        long values = traits.Form switch
        {
            AttributeForm.Bit => Words * sizeof(ulong),
            AttributeForm.Text => Align(count * (long)sizeof(int)),
            AttributeForm.Integer or AttributeForm.Real or AttributeForm.TextSet => count * (long)sizeof(long),
        };
        long present = Words * sizeof(ulong);
        if (keywords < 0 || (hasText ? keywords > Math.Min(GrowingKeywords.MaxCount, length / sizeof(long)) : keywords != 0))
            throw Bad(EntryAt(column) + 24, $"a dictionary of {keywords} texts.");
        if (length < present + values || (!hasText && length > present + values))
            throw Bad(EntryAt(column) + 16, $"a column of {length} bytes; {present + values} were expected.");

        ulong* bits = (ulong*)(start + offset);
        CheckTail(bits, offset);
        long at = offset + present;
        switch (traits.Form)
        {
            case AttributeForm.Bit:
                CheckBools(bits, (ulong*)(start + at), at);
                break;
            case AttributeForm.Text:
                CheckKeywords(bits, (int*)(start + at), at, keywords);
                break;
            case AttributeForm.TextSet:
                values += CheckSets(bits, (long*)(start + at), at, offset + length, keywords);
                break;
            case AttributeForm.Integer or AttributeForm.Real:
                CheckNumbers(bits, (long*)(start + at), at, traits.Form == AttributeForm.Real);
                break;
            default:
                throw new UnreachableException($"{traits.Form}");
        }
        long texts = at + values;
        if (hasText)
            CheckTexts((long*)(start + texts), texts, offset + length, keywords);
        return new SealedColumn
        {
            Present = bits,
            Values = start + at,
            Elements = traits.Form == AttributeForm.TextSet ? (int*)(start + at + count * (long)sizeof(long)) : null,
            KeywordCount = (int)keywords,
            TextEnds = hasText ? (long*)(start + texts) : null,
            Text = hasText ? start + texts + keywords * sizeof(long) : null,
        };
    }

    private long Words => (count + 63L) / 64;

    private static bool Has(ulong* bits, int node) => (bits[node >> 6] >> node & 1) != 0;

    private void CheckTail(ulong* bits, long offset)
    {
        if (count % 64 != 0 && bits[Words - 1] >> (count % 64) != 0)
            throw Bad(offset + (Words - 1) * sizeof(ulong), $"a bit beyond node {count - 1} is set.");
    }

    private void CheckBools(ulong* bits, ulong* values, long offset)
    {
        for (long word = 0; word < Words; word++)
            if ((values[word] & ~bits[word]) != 0)
                throw Bad(offset + word * sizeof(ulong), "a node without a value is true.");
    }

    private void CheckNumbers(ulong* bits, long* values, long offset, bool real)
    {
        for (int node = 0; node < count; node++)
        {
            if (!Has(bits, node) && values[node] != 0)
                throw Bad(offset + node * (long)sizeof(long), $"node {node} has no value, and one is there.");
            if (real && double.IsNaN(((double*)values)[node]))
                throw Bad(offset + node * (long)sizeof(long), $"the value of node {node} is NaN.");
        }
    }

    private void CheckKeywords(ulong* bits, int* values, long offset, long keywords)
    {
        for (int node = 0; node < count; node++)
        {
            int value = values[node];
            if (Has(bits, node) ? (uint)value >= keywords : value != -1)
                throw Bad(offset + node * (long)sizeof(int), $"node {node} has text {value} of {keywords}.");
        }
    }

    /// <summary>Checks ends and elements.</summary>
    /// <returns>Bytes of the elements.</returns>
    private long CheckSets(ulong* bits, long* ends, long offset, long columnEnd, long keywords)
    {
        long elementsAt = offset + count * (long)sizeof(long);
        int* elements = (int*)(start + elementsAt);
        long most = (columnEnd - elementsAt) / sizeof(int);
        long from = 0;
        for (int node = 0; node < count; node++)
        {
            long to = ends[node];
            if (to < from || to - from > AttributeSchema.MaxSetSize || to > most || (to > from && !Has(bits, node)))
                throw Bad(offset + node * (long)sizeof(long), $"the set of node {node} ends at {to}, begun at {from}.");
            for (long i = from; i < to; i++)
                if ((uint)elements[i] >= keywords || (i > from && elements[i] <= elements[i - 1]))
                    throw Bad(elementsAt + i * sizeof(int), $"the set of node {node} has text {elements[i]} of {keywords} out of order.");
            from = to;
        }
        long bytes = Align(from * sizeof(int));
        return bytes <= columnEnd - elementsAt
            ? bytes
            : throw Bad(elementsAt, $"{from} elements do not fit the column.");
    }

    private void CheckTexts(long* ends, long offset, long columnEnd, long keywords)
    {
        long textAt = offset + keywords * sizeof(long);
        long bytes = columnEnd - textAt;
        if (bytes < 0)
            throw Bad(offset, $"the ends of {keywords} texts do not fit the column.");
        byte* text = start + textAt;
        long from = 0;
        ReadOnlySpan<byte> before = default;
        for (long i = 0; i < keywords; i++)
        {
            long to = ends[i];
            if (to < from || to > bytes || to - from > AttributeSchema.MaxKeywordBytes)
                throw Bad(offset + i * sizeof(long), $"text {i} ends at {to}, begun at {from}.");
            ReadOnlySpan<byte> one = new(text + from, (int)(to - from));
            if (i > 0 && before.SequenceCompareTo(one) >= 0)
                throw Bad(textAt + from, $"text {i} does not come after the one before.");
            before = one;
            from = to;
        }
        if (from != bytes)
            throw Bad(offset, $"the texts take {from} bytes; the column has {bytes}.");
    }

    private AnnException Bad(long offset, string what) =>
        AnnException.Corrupt(path, section.Kind.ToString(), section.Offset + offset, what);
}
