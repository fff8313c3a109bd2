using System.Buffers.Binary;
using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>Writes what comes before the columns of a section of attributes; <see cref="AttributeSectionCheck"/> reads it.</summary>
internal static class AttributeSectionHead
{
    /// <summary>Writes counts, the table of columns and the names.</summary>
    /// <param name="bytes">Zeroed, of the right length.</param>
    /// <param name="schema">The attributes.</param>
    /// <param name="columns">Bytes and texts of each.</param>
    /// <returns>Bytes of the whole section.</returns>
    public static long Write(Span<byte> bytes, AttributeSchema schema, ReadOnlySpan<(long Bytes, int Keywords)> columns)
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
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], columns[i].Bytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry[24..], columns[i].Keywords);
            name += Encoding.ASCII.GetBytes(field.Name, bytes[name..]);
            end = offset + columns[i].Bytes;
        }
        return end;
    }
}
