using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Ann.Tests.Server.Fuzz;

/// <summary>
/// Messages of any type that nobody would send: right ones with some fields changed, random ones, and their bytes changed. One seed, one
/// message.
/// </summary>
/// <param name="random">Of the message.</param>
internal sealed class MessageMutator(Random random)
{
    private const int MostDepth = 6;

    private static readonly string[] Texts =
    [
        "", "shop", "shop@0000000000000000", "nobody", "plain", "text", "price", "a", "..", "/", "../../etc/passwd", "\0", "*", "@",
        "shop@", "ü", "\U0001F600", "seen:user:42", "0123456789abcdef", new string('x', 129), new string('y', 5000),
    ];

    private static readonly ulong[] Numbers =
    [
        0, 1, 2, 3, 4, 5, 10, 100, 127, 128, 255, 1000, 1024, 10_000, 10_001, 65_535, 65_536, int.MaxValue, uint.MaxValue, long.MaxValue,
        ulong.MaxValue, ulong.MaxValue - 1, 1ul << 31, 1ul << 32, 1ul << 63,
    ];

    private static readonly double[] Reals =
    [
        0, -0.0, 1, -1, 0.5, 0.9, 0.999, 1.0001, 1e-30, 1e30, float.MaxValue, double.MaxValue, double.Epsilon, double.NaN,
        double.PositiveInfinity, double.NegativeInfinity,
    ];

    /// <summary>The bytes of a message.</summary>
    /// <param name="type">Of the message.</param>
    /// <param name="right">One that the server takes; null for none known.</param>
    public byte[] Next(MessageDescriptor type, IMessage? right)
    {
        IMessage message = type.Parser.ParseFrom(right is null || random.Next(3) == 0 ? ByteString.Empty : right.ToByteString());
        if (right is null || random.Next(4) > 0)
        {
            for (int changes = random.Next(1, 5); changes > 0; changes--)
                Change(message, 0);
        }
        if (random.Next(50) == 0)
            Nest(message);
        byte[] bytes = message.ToByteArray();
        return random.Next(2) == 0 ? bytes : Spoil(bytes);
    }

    /// <summary>Changes bytes without knowing what they mean.</summary>
    public byte[] Spoil(byte[] bytes)
    {
        List<byte> spoilt = [.. bytes];
        for (int changes = random.Next(1, 6); changes > 0; changes--)
        {
            int at = random.Next(spoilt.Count + 1);
            int length = Math.Min(random.Next(1, 16), spoilt.Count - at);
            switch (random.Next(6))
            {
                case 0 when length > 0:
                    spoilt[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when length > 0:
                    spoilt.RemoveRange(at, length);
                    break;
                case 2:
                    spoilt.InsertRange(at, spoilt.GetRange(at, length));
                    break;
                case 3:
                    byte[] noise = new byte[random.Next(1, 32)];
                    random.NextBytes(noise);
                    spoilt.InsertRange(at, noise);
                    break;
                case 4: // a number without an end
                    spoilt.InsertRange(at, Enumerable.Repeat((byte)0xFF, random.Next(1, 12)));
                    break;
                default:
                    spoilt.RemoveRange(at, spoilt.Count - at);
                    break;
            }
        }
        return [.. spoilt];
    }

    private void Change(IMessage message, int depth)
    {
        IList<FieldDescriptor> fields = message.Descriptor.Fields.InDeclarationOrder();
        if (fields.Count == 0)
            return;
        FieldDescriptor field = fields[random.Next(fields.Count)];
        if (field.IsRepeated)
        {
            IList list = (IList)field.Accessor.GetValue(message);
            if (random.Next(4) == 0)
                list.Clear();
            int more = random.Next(40) == 0 ? 300 : random.Next(1, 4);
            for (int i = 0; i < more && list.Count < 300; i++)
                list.Add(Value(field, depth));
        }
        else if (random.Next(5) == 0)
        {
            field.Accessor.Clear(message);
        }
        else if (field.FieldType == FieldType.Message && field.Accessor.GetValue(message) is IMessage inner && random.Next(4) > 0)
        {
            Change(inner, depth + 1);
        }
        else
        {
            field.Accessor.SetValue(message, Value(field, depth));
        }
    }

    private object Value(FieldDescriptor field, int depth)
    {
        ulong number = Numbers[random.Next(Numbers.Length)];
        double real = random.Next(3) == 0 ? random.NextDouble() : Reals[random.Next(Reals.Length)];
        return field.FieldType switch
        {
            FieldType.Bool => random.Next(2) == 0,
            FieldType.Enum => System.Enum.ToObject(
                field.EnumType.ClrType, random.Next(8) == 0 ? (int)number : random.Next(field.EnumType.Values.Count)),
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)number,
            FieldType.UInt32 or FieldType.Fixed32 => (uint)number,
            FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => (long)number,
            FieldType.UInt64 or FieldType.Fixed64 => number,
            FieldType.Float => (float)real,
            FieldType.Double => real,
            FieldType.String => Texts[random.Next(Texts.Length)],
            FieldType.Bytes => Bytes(),
            FieldType.Message => Inner(field.MessageType, depth),
            _ => throw new NotSupportedException($"fields of {field.FieldType}"),
        };
    }

    private ByteString Bytes()
    {
        byte[] bytes = new byte[random.Next(4) == 0 ? random.Next(2000) : 16 * random.Next(8)];
        if (random.Next(2) == 0)
            random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private IMessage Inner(MessageDescriptor type, int depth)
    {
        IMessage inner = type.Parser.ParseFrom(ByteString.Empty);
        for (int changes = depth >= MostDepth ? 0 : random.Next(0, 4); changes > 0; changes--)
            Change(inner, depth + 1);
        return inner;
    }

    /// <summary>What can hold itself, does so many times.</summary>
    private void Nest(IMessage message)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message || field.IsRepeated || field.MessageType.Fields.InDeclarationOrder()
                .FirstOrDefault(one => one.FieldType == FieldType.Message && one.MessageType == field.MessageType) is not { } self)
                continue;
            IMessage outer = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            for (int levels = random.Next(1, 150); levels > 0; levels--)
            {
                IMessage around = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                if (self.IsRepeated)
                    ((IList)self.Accessor.GetValue(around)).Add(outer);
                else
                    self.Accessor.SetValue(around, outer);
                outer = around;
            }
            field.Accessor.SetValue(message, outer);
            return;
        }
    }
}
