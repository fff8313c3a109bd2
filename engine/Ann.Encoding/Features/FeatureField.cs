using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Ann.Core;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding.Features;

/// <summary>A field of a row: how its value becomes numbers or ids.</summary>
internal sealed class FeatureField
{
    private readonly Dictionary<string, long>? _vocabulary;

    /// <param name="description">What <c>encoder.json</c> says of it.</param>
    /// <param name="place">Its place in <c>encoder.json</c>, for messages.</param>
    /// <param name="source">Where its vocabulary is.</param>
    /// <param name="fingerprint">Receives the vocabulary.</param>
    /// <exception cref="AnnException">What it says does not go together, or its vocabulary cannot be used.</exception>
    public FeatureField(FeatureFieldDescription description, string place, EncoderDirectory source, EncoderFingerprint fingerprint)
    {
        Description = description;
        bool isFloat = description.Type == FeatureFieldType.Float, isText = description.Type == FeatureFieldType.String;
        bool isList = description.Length is not null;
        foreach ((string name, bool isThere, bool fits, string wanted) in (ReadOnlySpan<(string, bool, bool, string)>)
            [("columns", description.Columns is not null, isFloat, "type float"),
             ("length", isList, !isFloat, "type id or string"),
             ("padding", description.Padding is not null, !isFloat, "type id or string"),
             ("keep", description.Keep is not null, isList, "a length"),
             ("mask", description.Mask is not null, isList, "a length"),
             ("lengths", description.Lengths is not null, isList, "a length"),
             ("vocabulary", description.Vocabulary is not null, isText, "type string"),
             ("hash_buckets", description.HashBuckets is not null, isText && description.Vocabulary is null,
                 "type string without vocabulary"),
             ("seed", description.Seed is not null, description.HashBuckets is not null, "hash_buckets"),
             ("unknown", description.Unknown is not null, description.Vocabulary is not null, "a vocabulary"),
             ("offset", description.Offset is not null, isText, "type string")])
            if (isThere && !fits)
                throw source.Wrong($"{place}.{name}", $"expected {wanted} beside it; found none.");
        if (isText && description.Vocabulary is null && description.HashBuckets is null)
            throw source.Wrong($"{place}.vocabulary", "expected a vocabulary or hash_buckets, for the field is a string; found neither.");
        if (description.Vocabulary is { } file)
        {
            byte[] content = source.Read($"{place}.vocabulary", file, out string path);
            fingerprint.Add(content);
            _vocabulary = ReadVocabulary(path, content);
        }
    }

    /// <summary>What <c>encoder.json</c> says of it.</summary>
    public FeatureFieldDescription Description { get; }

    /// <summary>The member's name in a row.</summary>
    public string Name => Description.Name;

    /// <summary>The graph's input.</summary>
    public string Input => Description.Input ?? Name;

    /// <summary>Columns of the input that are this field's.</summary>
    public int Columns => Description.Columns ?? Description.Length ?? 1;

    /// <summary>Gives a row a value that fits.</summary>
    public void Sample(FeatureRow row)
    {
        if (Description.Type == FeatureFieldType.Float)
            row.Set(Name, new float[Columns]);
        else if (Description.Type == FeatureFieldType.Id)
            row.Set(Name, 0L);
        else
            row.Set(Name, _vocabulary?.Keys.First() ?? "a");
    }

    /// <summary>Writes a row's numbers.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the row's value does not fit.</exception>
    public void WriteNumbers(FeatureRow row, int number, Span<float> cells)
    {
        if (row[Name] is not { } value)
        {
            RequireOptional(number);
            cells.Clear();
            return;
        }
        if ((value.Ids is null && value.Numbers is null) || value.Count != cells.Length)
            throw Wrong(number, cells.Length == 1 ? "a number" : $"{cells.Length} numbers", value);
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = value.Ids is { } whole ? whole[i] : (float)value.Numbers![i];
            if (!float.IsFinite(cells[i]))
                throw Wrong(number, "finite numbers", value);
        }
    }

    /// <summary>Writes a row's ids, padded.</summary>
    /// <param name="row">The row.</param>
    /// <param name="number">What messages call it.</param>
    /// <param name="most">Largest id that the input holds.</param>
    /// <param name="cells">Receives them.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the row's value does not fit.</exception>
    public void WriteIds(FeatureRow row, int number, long most, Span<long> cells)
    {
        int count = CountOf(row, number);
        cells[count..].Fill(Description.Padding ?? 0);
        if (count == 0)
            return;
        FeatureValue value = row[Name]!;
        int first = Description.Keep == FeatureListEnd.Last ? value.Count - count : 0;
        for (int i = 0; i < count; i++)
        {
            cells[i] = Description.Type == FeatureFieldType.String ? IdOf(value.Texts![first + i], number) : value.Ids![first + i];
            if (cells[i] > most || cells[i] < -most - 1)
                throw Wrong(number, "ids of 32 bits", value);
        }
    }

    /// <summary>Members of a row's list that are kept; 0 or 1 for what is no list.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the row's value does not fit.</exception>
    public int CountOf(FeatureRow row, int number)
    {
        bool isText = Description.Type == FeatureFieldType.String;
        if (row[Name] is not { } value)
        {
            RequireOptional(number);
            return 0;
        }
        bool isEmpty = value is { Count: 0, Unreadable: null };
        string kind = isText ? "text" : "id";
        if (!isEmpty && (isText ? value.Texts is null : value.Ids is null))
            throw Wrong(number, Description.Length is null ? $"one {kind}" : $"a list of {kind}s", value);
        if (Description.Length is not { } length)
            return value.Count == 1 ? 1 : throw Wrong(number, $"one {kind}", value);
        return value.Count <= length || Description.Keep is not null
            ? Math.Min(length, value.Count)
            : throw Wrong(number, $"at most {length} {kind}s", $"{value.Count}");
    }

    /// <summary>One spelling for one meaning, without the names of files; part of the fingerprint.</summary>
    public override string ToString()
    {
        FeatureFieldDescription all = Description;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"\"{JsonEncodedText.Encode(Name)}\" input=\"{JsonEncodedText.Encode(Input)}\" {all.Type} columns={Columns} "
            + $"list={(all.Length is null ? 0 : 1)} padding={all.Padding ?? 0} keep={all.Keep} optional={(all.Optional is true ? 1 : 0)}");
        foreach (string? input in (string?[])[all.Mask, all.Lengths])
            text += $" \"{JsonEncodedText.Encode(input ?? "")}\"";
        return text + string.Create(
            CultureInfo.InvariantCulture,
            $" unknown={all.Unknown} hash_buckets={all.HashBuckets} seed={all.Seed ?? 0} offset={all.Offset ?? 0}");
    }

    private long IdOf(string text, int number)
    {
        long offset = Description.Offset ?? 0;
        if (_vocabulary is not null)
        {
            return _vocabulary.TryGetValue(text, out long line) ? line + offset : Description.Unknown
                ?? throw Wrong(number, $"a text of {Description.Vocabulary}", $"\"{text}\"");
        }
        ulong hash = XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(text), Description.Seed ?? 0);
        return (long)(hash % (ulong)Description.HashBuckets!.Value) + offset;
    }

    private void RequireOptional(int number)
    {
        if (Description.Optional is not true)
            throw Wrong(number, "a value, for the field is not optional", "none");
    }

    private AnnException Wrong(int number, string expected, FeatureValue found) => Wrong(number, expected, found.ToString());

    private AnnException Wrong(int number, string expected, string found) =>
        AnnException.Invalid($"rows[{number}].{Name}", $"Row {number}, field '{Name}': expected {expected}; found {found}.");

    private static Dictionary<string, long> ReadVocabulary(string path, byte[] content)
    {
        Dictionary<string, long> ids = new(StringComparer.Ordinal);
        using StringReader reader = new(System.Text.Encoding.UTF8.GetString(content).TrimStart('\uFEFF'));
        while (reader.ReadLine() is { } line)
        {
            int id = ids.Count;
            if (!ids.TryAdd(line, id))
            {
                throw AnnException.BadInput(
                    path, $"line {id + 1}", $"expected every text once; found '{line}' in line {ids[line] + 1} too.");
            }
        }
        return ids.Count > 0 ? ids : throw AnnException.BadInput(path, "", "expected a text a line; found none.");
    }
}
