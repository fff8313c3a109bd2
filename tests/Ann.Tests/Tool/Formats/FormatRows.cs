using System.Runtime.InteropServices;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Tool;
using Ann.Tool.Attributes;
using Ann.Tool.Formats;
using CsCheck;

namespace Ann.Tests.Tool.Formats;

/// <summary>Rows with keys and attributes, as a test makes them, writes them, and finds them again.</summary>
internal sealed record FormatRows(int Dimension, float[] Vectors, KeyColumn Keys, AttributeBatch Attributes)
{
    /// <summary>One attribute of each type.</summary>
    public static readonly AttributeSchema Schema = new(
    [
        new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("sold", AttributeType.Bool), new("since", AttributeType.Timestamp),
    ]);

    private static readonly Gen<string> Text =
        Gen.Char["abcäß€ ,;\"'[]{}#\t\n0123456789"].Array[1, 12].Select(static all => new string(all));

    public static ToolContext Tool { get; } = new()
    {
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        CacheDirectory = ToolRun.CacheDirectory,
    };

    public int Count => Vectors.Length / Dimension;

    /// <summary>Rows of whole components of 0 to 127, which every type holds, or of any finite float.</summary>
    public static Gen<FormatRows> Any(bool isWhole, int? rows = null) =>
        from dimension in Gen.Int[1, 9]
        from count in rows is int fixedCount ? Gen.Const(fixedCount) : Gen.Int[1, 40]
        from vectors in (isWhole ? Gen.Int[0, 127].Select(static whole => (float)whole) : Gen.Float.Where(float.IsFinite))
            .Array[dimension * count]
        from isText in Gen.Bool
        from numbers in Gen.ULong.Array[count]
        from texts in Text.Array[count]
        from keywords in Text.Array[count]
        from sets in Text.Array[1, 4].Array[count]
        from integers in Gen.Long.Array[count]
        from reals in Gen.Double.Where(static real => !double.IsNaN(real)).Array[count]
        from present in Gen.Int[0, 63].Array[count]
        from times in Gen.Long[-62_000_000_000_000_000, 250_000_000_000_000_000].Array[count]
        select Make(dimension, vectors, isText, (numbers, texts), (keywords, sets, integers, reals, times), present);

    /// <summary>Writes them as one file of a format that has room for all.</summary>
    public void Write(string path)
    {
        using VectorOutput output = VectorOutput.Create(
            PhysicalFileSystem.Instance, path, new VectorShape(Count, Dimension, Keys.Kind, Schema));
        output.Write(Vectors, Keys, Attributes);
        output.End();
        output.Commit();
    }

    /// <summary>Reads a file with its sidecars.</summary>
    public static FormatRows Read(string path)
    {
        AttributeRequest attributes = new(VectorInput.HasRoom(path) ? Schema : null, null);
        using InputRows rows = new(Tool, path, null, attributes);
        List<float> all = [];
        AttributeBatch batch = new(Schema);
        float[] some = new float[7 * rows.Dimension];
        System.IO.Hashing.XxHash3 hash = new();
        while (rows.Read(some) is int count and > 0)
        {
            all.AddRange(some.AsSpan(0, count * rows.Dimension));
            hash.Append(MemoryMarshal.AsBytes(some.AsSpan(0, count * rows.Dimension)));
            AttributeBatch part = rows.TakeAttributes(count)!;
            for (int item = 0; item < count; item++)
                batch.AddFrom(part, item);
        }
        rows.EndRows(hash);
        return new FormatRows(rows.Dimension, [.. all], rows.Keys!, batch);
    }

    /// <summary>Everything as a text: vectors by their bits, keys, and each value of each attribute.</summary>
    public string Describe(bool withKeyKind)
    {
        System.Text.StringBuilder text = new();
        text.Append(withKeyKind ? $"{Keys.Kind} " : "").Append(Dimension).Append('\n');
        for (int row = 0; row < Count; row++)
        {
            text.Append(Keys.Format(row)).Append(" | ")
                .AppendJoin(' ', Vectors[(row * Dimension)..((row + 1) * Dimension)].Select(BitConverter.SingleToUInt32Bits));
            foreach (AttributeColumn column in Attributes.Columns)
            {
                text.Append(" | ").Append(!column.Has(row) ? "none" : column.Field.Traits.HasText
                    ? string.Join("¦", Enumerable.Range(0, column.TextCount(row))
                        .Select(i => System.Text.Encoding.UTF8.GetString(column.TextAt(row, i))))
                    : $"{column.Int64At(row)}");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    private static FormatRows Make(
        int dimension, float[] vectors, bool isText, (ulong[] Numbers, string[] Texts) ids,
        (string[] Keywords, string[][] Sets, long[] Integers, double[] Reals, long[] Times) values, int[] present)
    {
        KeyColumn keys = new(isText ? KeyKind.String : KeyKind.UInt64);
        AttributeBatch attributes = new(Schema);
        HashSet<ulong> seen = [];
        for (int row = 0; row < present.Length; row++)
        {
            ulong number = ids.Numbers[row];
            while (!seen.Add(number))
                number++;
            if (isText)
                keys.Add($"k{row} {ids.Texts[row]}"); // a table takes texts that are all numbers for numbers
            else
                keys.Add(number);
            for (int column = 0; column < attributes.Columns.Count; column++)
            {
                AttributeColumn into = attributes.Columns[column];
                if ((present[row] >> column & 1) == 0)
                {
                    into.AddMissing();
                    continue;
                }
                _ = column switch
                {
                    0 => into.Add(System.Text.Encoding.UTF8.GetBytes(values.Keywords[row])),
                    1 => into.AddSet(values.Sets[row]),
                    2 => into.Add(values.Integers[row]),
                    3 => into.Add(values.Reals[row]),
                    4 => into.Add(values.Integers[row] % 2 == 0),
                    _ => into.Add(values.Times[row]),
                };
            }
        }
        return new FormatRows(dimension, vectors, keys, attributes);
    }
}
