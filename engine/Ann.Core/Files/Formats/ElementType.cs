using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Core.Files.Formats;

/// <summary>What one component of a stored row is. Little-endian in every format that we read, like the machines that we run on.</summary>
internal enum ElementType
{
    Float32,
    Float16,
    Float64,
    UInt8,
    Int8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
}

/// <summary>Sizes, names and conversions of stored components.</summary>
internal static class ElementTypeExtensions
{
    /// <summary>Bytes of one component.</summary>
    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.Float16 or ElementType.Int16 or ElementType.UInt16 => 2,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        _ => 8,
    };

    /// <summary>NumPy's name of the type: what most of our users call it.</summary>
    public static string ToName(this ElementType type) => type.ToString().ToLowerInvariant();

    /// <summary>True when rows of it are vectors: every type that holds measurements rather than row numbers.</summary>
    public static bool IsVector(this ElementType type) => type <= ElementType.Int8;

    /// <summary>True when every value is a whole number.</summary>
    public static bool IsInteger(this ElementType type) => type >= ElementType.UInt8;

    /// <summary>Converts stored components; both spans hold the same number of them.</summary>
    public static void ToFloats(this ElementType type, ReadOnlySpan<byte> stored, Span<float> values)
    {
        Debug.Assert(BitConverter.IsLittleEndian);
        Debug.Assert(stored.Length == values.Length * type.SizeInBytes());
        switch (type)
        {
            case ElementType.Float32:
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(values);
                break;
            case ElementType.Float16:
                Convert(MemoryMarshal.Cast<byte, Half>(stored), values, static value => (float)value);
                break;
            case ElementType.Float64:
                Convert(MemoryMarshal.Cast<byte, double>(stored), values, static value => (float)value);
                break;
            case ElementType.UInt8:
                Convert(stored, values, static value => value);
                break;
            case ElementType.Int8:
                Convert(MemoryMarshal.Cast<byte, sbyte>(stored), values, static value => value);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a vector type.");
        }
    }

    /// <summary>Converts stored whole numbers; both spans hold the same number of them.</summary>
    /// <returns>False when a value does not fit 63 bits.</returns>
    public static bool ToIntegers(this ElementType type, ReadOnlySpan<byte> stored, Span<long> values)
    {
        Debug.Assert(BitConverter.IsLittleEndian);
        Debug.Assert(stored.Length == values.Length * type.SizeInBytes());
        switch (type)
        {
            case ElementType.UInt8:
                Convert(stored, values, static value => value);
                break;
            case ElementType.Int8:
                Convert(MemoryMarshal.Cast<byte, sbyte>(stored), values, static value => value);
                break;
            case ElementType.Int16:
                Convert(MemoryMarshal.Cast<byte, short>(stored), values, static value => value);
                break;
            case ElementType.UInt16:
                Convert(MemoryMarshal.Cast<byte, ushort>(stored), values, static value => value);
                break;
            case ElementType.Int32:
                Convert(MemoryMarshal.Cast<byte, int>(stored), values, static value => value);
                break;
            case ElementType.UInt32:
                Convert(MemoryMarshal.Cast<byte, uint>(stored), values, static value => value);
                break;
            case ElementType.Int64:
                MemoryMarshal.Cast<byte, long>(stored).CopyTo(values);
                break;
            case ElementType.UInt64:
                MemoryMarshal.Cast<byte, long>(stored).CopyTo(values);
                return !values.ContainsAnyInRange(long.MinValue, -1); // The top bit is set: 2^63 or more.
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not an integer type.");
        }
        return true;
    }

    private static void Convert<TStored, TValue>(ReadOnlySpan<TStored> stored, Span<TValue> values, Func<TStored, TValue> convert)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = convert(stored[i]);
    }
}
