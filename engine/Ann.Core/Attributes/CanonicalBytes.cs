using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Ann.Core.Attributes;

/// <summary>
/// Writes a bound clause as bytes: equal for clauses that mean the same, different for others. Clients keep the hash of them, so tags and
/// order of fields never change.
/// </summary>
internal sealed class CanonicalBytes
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What a clause is.</summary>
    public enum Tag : byte
    {
        AllOf = 1,
        AnyOf,
        NoneOf,
        Keywords,
        Integers,
        Bools,
        IntegerRange,
        DoubleRange,
        Exists,
        NumberKeys,
        TextKeys,
    }

    public CanonicalBytes Write(Tag tag)
    {
        _bytes.Write([(byte)tag]);
        return this;
    }

    public CanonicalBytes Write(AttributeField attribute) => Write(Encoding.UTF8.GetBytes(attribute.Name)).Write((long)attribute.Type);

    public CanonicalBytes Write(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
        return this;
    }

    public CanonicalBytes Write(double value) => Write(BitConverter.DoubleToInt64Bits(value));

    public CanonicalBytes Write(ReadOnlySpan<byte> utf8)
    {
        Write(utf8.Length);
        _bytes.Write(utf8);
        return this;
    }

    public CanonicalBytes Write(TextList texts)
    {
        Write((long)texts.Count);
        for (int i = 0; i < texts.Count; i++)
            Write(texts[i]);
        return this;
    }

    /// <summary>Appends what another clause wrote: it says itself where it ends.</summary>
    public CanonicalBytes Append(ReadOnlySpan<byte> clause)
    {
        _bytes.Write(clause);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
