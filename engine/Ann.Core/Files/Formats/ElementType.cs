using System.Diagnostics;
using System.Numerics;
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
        bool isVector = type switch
        {
            ElementType.Float32 => Convert<float, float>(stored, values),
            ElementType.Float16 => Convert<Half, float>(stored, values),
            ElementType.Float64 => Convert<double, float>(stored, values),
            ElementType.UInt8 => Convert<byte, float>(stored, values),
            ElementType.Int8 => Convert<sbyte, float>(stored, values),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a vector type."),
        };
        Debug.Assert(isVector);
    }

    /// <summary>Converts components to be stored as float32, float16, uint8 or int8: to the nearest value, and within the range.</summary>
    public static void FromFloats(this ElementType type, ReadOnlySpan<float> values, Span<byte> stored)
    {
        Debug.Assert(stored.Length == values.Length * type.SizeInBytes());
        switch (type)
        {
            case ElementType.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(stored);
                break;
            case ElementType.Float16:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
                for (int i = 0; i < values.Length; i++)
                    halves[i] = (Half)values[i];
                break;
            case ElementType.UInt8:
                for (int i = 0; i < values.Length; i++)
                    stored[i] = byte.CreateSaturating(MathF.Round(values[i]));
                break;
            case ElementType.Int8:
                for (int i = 0; i < values.Length; i++)
                    stored[i] = (byte)sbyte.CreateSaturating(MathF.Round(values[i]));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not written.");
        }
    }

    /// <summary>True when a component that is stored as this type is read as the same number, -0 as 0 of whole ones.</summary>
    /// <param name="type">Float32, float16, uint8 or int8.</param>
    /// <param name="value">The component.</param>
    /// <param name="rounds">True where the nearest value will do, as long as the component is within the range of the type.</param>
    public static bool Holds(this ElementType type, float value, bool rounds) => type switch
    {
        ElementType.Float16 => rounds ? !float.IsFinite(value) || Half.IsFinite((Half)value) : (float)(Half)value == value,
        ElementType.UInt8 => (rounds || value == MathF.Round(value)) && MathF.Round(value) is >= byte.MinValue and <= byte.MaxValue,
        ElementType.Int8 => (rounds || value == MathF.Round(value)) && MathF.Round(value) is >= sbyte.MinValue and <= sbyte.MaxValue,
        _ => true,
    };

    /// <summary>Converts stored whole numbers; both spans hold the same number of them.</summary>
    /// <returns>False when a value does not fit 63 bits.</returns>
    public static bool ToIntegers(this ElementType type, ReadOnlySpan<byte> stored, Span<long> values)
    {
        Debug.Assert(BitConverter.IsLittleEndian);
        Debug.Assert(stored.Length == values.Length * type.SizeInBytes());
        return type switch
        {
            ElementType.UInt8 => Convert<byte, long>(stored, values),
            ElementType.Int8 => Convert<sbyte, long>(stored, values),
            ElementType.Int16 => Convert<short, long>(stored, values),
            ElementType.UInt16 => Convert<ushort, long>(stored, values),
            ElementType.Int32 => Convert<int, long>(stored, values),
            ElementType.UInt32 => Convert<uint, long>(stored, values),
            ElementType.Int64 => Convert<long, long>(stored, values),
            ElementType.UInt64 => Convert<long, long>(stored, values) && !values.ContainsAnyInRange(long.MinValue, -1), // 2^63 or more
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an integer type."),
        };
    }

    /// <returns>True: every value of these types has a place in the other.</returns>
    private static bool Convert<TStored, TValue>(ReadOnlySpan<byte> stored, Span<TValue> values)
        where TStored : unmanaged, INumber<TStored>
        where TValue : INumber<TValue>
    {
        ReadOnlySpan<TStored> from = MemoryMarshal.Cast<byte, TStored>(stored);
        for (int i = 0; i < values.Length; i++)
            values[i] = TValue.CreateTruncating(from[i]);
        return true;
    }
}
