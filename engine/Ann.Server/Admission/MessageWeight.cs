using System.Buffers;
using System.Collections.Concurrent;
using Google.Protobuf.Reflection;

namespace Ann.Server.Admission;

/// <summary>
/// About what a message takes of memory once it is parsed, beyond its own length: told from its bytes, without parsing it. An empty message
/// of two bytes becomes an object of hundreds.
/// </summary>
internal static class MessageWeight
{
    /// <summary>An object, its place in a list, and what the runtime needs beside.</summary>
    private const long ObjectBytes = 48;

    /// <summary>A field of an object, and a list while it is empty: lists are made with their object.</summary>
    private const long FieldBytes = 8;
    private const long ListBytes = 32;

    /// <summary>A string or an array of bytes, and its place in a list.</summary>
    private const long TextBytes = 40;

    /// <summary>A number as it lies in a list, which doubles as it grows: half of it may be empty.</summary>
    private const long NumberBytes = 2 * sizeof(long);

    /// <summary>As deep as the parser reads.</summary>
    private const int MostDepth = 100;

    private static readonly ConcurrentDictionary<MessageDescriptor, long> Empty = new();

    /// <summary>The weight, in bytes. Of bytes that are no message it is that of what precedes: the parser refuses them.</summary>
    public static long Of(ReadOnlySequence<byte> message, MessageDescriptor type)
    {
        SequenceReader<byte> reader = new(message);
        return Of(ref reader, message.Length, type, 0);
    }

    private static long Of(ref SequenceReader<byte> reader, long end, MessageDescriptor? type, int depth)
    {
        long weight = type is null ? ObjectBytes : Empty.GetOrAdd(type, static type => OfEmpty(type));
        while (reader.Consumed < end && TryReadVarint(ref reader, out ulong tag))
        {
            FieldDescriptor? field = type?.FindFieldByNumber((int)(tag >> 3));
            switch (tag & 7)
            {
                case 0:
                    if (!TryReadVarint(ref reader, out _))
                        return weight;
                    weight += NumberBytes;
                    break;
                case 1 or 5:
                    int fixedBytes = (tag & 7) == 1 ? sizeof(long) : sizeof(int);
                    if (end - reader.Consumed < fixedBytes)
                        return weight;
                    reader.Advance(fixedBytes);
                    weight += NumberBytes;
                    break;
                case 2:
                    if (!TryReadVarint(ref reader, out ulong length) || reader.Consumed > end || length > (ulong)(end - reader.Consumed))
                        return weight;
                    long past = reader.Consumed + (long)length;
                    weight += OfField(ref reader, (long)length, field, depth);
                    if (reader.Consumed > past)
                        return weight; // what is inside is longer than it is said to be, which the parser refuses
                    reader.Advance(past - reader.Consumed);
                    break;
                default:
                    return weight; // groups, which the parser refuses too
            }
        }
        return weight;
    }

    /// <summary>An object without values.</summary>
    private static long OfEmpty(MessageDescriptor type) => ObjectBytes
        + type.Fields.InDeclarationOrder().Sum(static field => FieldBytes + (field.IsRepeated ? ListBytes : 0));

    private static long OfField(ref SequenceReader<byte> reader, long length, FieldDescriptor? field, int depth) => field?.FieldType switch
    {
        FieldType.Message when depth < MostDepth => Of(ref reader, reader.Consumed + length, field.MessageType, depth + 1),
        FieldType.String => TextBytes + length, // UTF-16: the other half
        FieldType.Bytes => TextBytes,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 or FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => 0,
        null => TextBytes, // kept as it is, among the unknown fields
        _ => length * (NumberBytes - 1), // packed: a number a byte at worst
    };

    private static bool TryReadVarint(ref SequenceReader<byte> reader, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && reader.TryRead(out byte part); shift += 7)
        {
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return true;
        }
        return false;
    }
}
