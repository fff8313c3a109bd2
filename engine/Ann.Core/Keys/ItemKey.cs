using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;

namespace Ann.Core.Keys;

/// <summary>
/// The caller's id of an item: a number, or UTF-8 text of 1 to <see cref="KeyColumn.MaxKeyBytes"/> bytes. A view; owns nothing.
/// </summary>
internal readonly ref struct ItemKey
{
    /// <summary>A numeric key.</summary>
    public ItemKey(ulong number)
    {
        Kind = KeyKind.UInt64;
        Number = number;
    }

    /// <summary>A text key. The bytes must live as long as the key is used.</summary>
    public ItemKey(ReadOnlySpan<byte> utf8)
    {
        Kind = KeyKind.String;
        Utf8 = utf8;
    }

    /// <summary>Number or text.</summary>
    public KeyKind Kind { get; }

    /// <summary>The number; 0 for a text.</summary>
    public ulong Number { get; }

    /// <summary>The text; empty for a number.</summary>
    public ReadOnlySpan<byte> Utf8 { get; }

    /// <summary>Spreads keys evenly, and is the same in every process: numbers are mixed, texts hashed.</summary>
    public ulong Hash
    {
        get
        {
            if (Kind == KeyKind.String)
                return XxHash3.HashToUInt64(Utf8);
            ulong z = (Number ^ (Number >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>True when both name the same item.</summary>
    public bool Is(in ItemKey other)
    {
        Debug.Assert(Kind == other.Kind, "one kind per index");
        return Number == other.Number && Utf8.SequenceEqual(other.Utf8);
    }

    /// <summary>Order of ties: numeric, or by the bytes of the text.</summary>
    public int CompareTo(in ItemKey other)
    {
        Debug.Assert(Kind == other.Kind, "one kind per index");
        return Kind == KeyKind.UInt64 ? Number.CompareTo(other.Number) : Utf8.SequenceCompareTo(other.Utf8);
    }

    /// <summary>As a person reads it.</summary>
    public override string ToString() => Kind == KeyKind.UInt64
        ? Number.ToString(CultureInfo.InvariantCulture)
        : System.Text.Encoding.UTF8.GetString(Utf8);
}
