using System.Diagnostics;
using System.Text.Json;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Values of attributes as JSON: a keyword is a string, a set of them an array of strings, a time a string (<see cref="TimestampText"/>) or
/// a whole number of microseconds. An infinite double is the string <c>Infinity</c> or <c>-Infinity</c>. Null is no value.
/// </summary>
internal static class AttributeJson
{
    // An escaped byte takes six: whatever is longer holds more than a keyword may.
    private const int MaxEscapedBytes = 6 * AttributeSchema.MaxKeywordBytes;

    /// <summary>Appends the value that a reader is at to a column.</summary>
    /// <exception cref="FormatException">What was expected and found, as an end of a sentence that names the line.</exception>
    public static void Read(ref Utf8JsonReader json, AttributeColumn into)
    {
        AttributeField field = into.Field;
        if (json.TokenType == JsonTokenType.Null)
        {
            into.AddMissing();
            return;
        }
        _ = field.Traits.Form switch
        {
            AttributeForm.Text => ReadKeyword(ref json, into),
            AttributeForm.TextSet => ReadSet(ref json, into),
            AttributeForm.Integer => into.Add(field.Traits.IsTime ? ReadTime(ref json, field)
                : json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long number) ? number
                : throw Unexpected(ref json, field, "a whole number of 64 bits")),
            AttributeForm.Real => into.Add(ReadDouble(ref json, field)),
            AttributeForm.Bit => into.Add(json.TokenType is JsonTokenType.True or JsonTokenType.False
                ? json.GetBoolean()
                : throw Unexpected(ref json, field, "true or false")),
        };
    }

    /// <summary>Writes the value of an item that has one.</summary>
    public static void Write(Utf8JsonWriter json, AttributeColumn from, int item)
    {
        switch (from.Field.Traits.Form)
        {
            case AttributeForm.Text:
                json.WriteStringValue(from.TextAt(item));
                break;
            case AttributeForm.TextSet:
                json.WriteStartArray();
                for (int i = 0; i < from.TextCount(item); i++)
                    json.WriteStringValue(from.TextAt(item, i));
                json.WriteEndArray();
                break;
            case AttributeForm.Integer when from.Field.Traits.IsTime:
                WriteTime(json, from.Int64At(item));
                break;
            case AttributeForm.Integer:
                json.WriteNumberValue(from.Int64At(item));
                break;
            case AttributeForm.Real:
                WriteDouble(json, from.DoubleAt(item));
                break;
            case AttributeForm.Bit:
                json.WriteBooleanValue(from.BoolAt(item));
                break;
            default:
                throw new UnreachableException($"{from.Field.Traits.Form}");
        }
    }

    /// <summary>Writes the values of an item as members of the object that a writer is in. What has no value is left out.</summary>
    public static void WriteMembers(Utf8JsonWriter json, AttributeBatch from, int item)
    {
        foreach (AttributeColumn column in from.Columns)
        {
            if (!column.Has(item))
                continue;
            json.WritePropertyName(column.Field.Name);
            Write(json, column, item);
        }
    }

    private static AttributeColumn ReadKeyword(ref Utf8JsonReader json, AttributeColumn into)
    {
        Span<byte> text = stackalloc byte[MaxEscapedBytes];
        return into.Add(text[..ReadText(ref json, into.Field, text)]);
    }

    private static AttributeColumn ReadSet(ref Utf8JsonReader json, AttributeColumn into)
    {
        if (json.TokenType != JsonTokenType.StartArray)
            throw Unexpected(ref json, into.Field, "an array of strings");
        Span<byte> text = stackalloc byte[MaxEscapedBytes];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            if (!into.TryAddToSet(text[..ReadText(ref json, into.Field, text)]))
                throw new FormatException($"\"{into.Field.Name}\" has more than {AttributeSchema.MaxSetSize} different texts.");
        return into.EndSet();
    }

    /// <summary>Copies a text.</summary>
    /// <returns>Its bytes.</returns>
    private static int ReadText(ref Utf8JsonReader json, AttributeField field, scoped Span<byte> text)
    {
        if (json.TokenType != JsonTokenType.String)
            throw Unexpected(ref json, field, field.Traits.Form == AttributeForm.Text ? "a string" : "an array of strings only");
        int length = json.ValueSpan.Length;
        if (length <= text.Length)
            length = json.CopyString(text);
        return length <= AttributeSchema.MaxKeywordBytes
            ? length
            : throw new FormatException(
                $"a text of \"{field.Name}\" takes {length} bytes; at most {AttributeSchema.MaxKeywordBytes} are taken.");
    }

    private static long ReadTime(ref Utf8JsonReader json, AttributeField field)
    {
        const string Expected = "a time with an offset, such as \"2026-01-31T12:00:00Z\", or microseconds since 1970";
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long microseconds))
            return microseconds;
        if (json.TokenType != JsonTokenType.String)
            throw Unexpected(ref json, field, Expected);
        string text = json.GetString()!;
        return TimestampText.TryParse(text, out microseconds, out string problem)
            ? microseconds
            : throw new FormatException(
                $"\"{field.Name}\" must be {Expected}; found \"{(text.Length <= 40 ? text : text[..40] + "…")}\", which {problem}.");
    }

    private static double ReadDouble(ref Utf8JsonReader json, AttributeField field)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out double number) && double.IsFinite(number))
            return number;
        if (json.TokenType == JsonTokenType.String && json.ValueTextEquals("Infinity"u8))
            return double.PositiveInfinity;
        if (json.TokenType == JsonTokenType.String && json.ValueTextEquals("-Infinity"u8))
            return double.NegativeInfinity;
        throw Unexpected(ref json, field, "a number of 64 bits");
    }

    private static void WriteTime(Utf8JsonWriter json, long microseconds)
    {
        string text = TimestampText.Format(microseconds);
        if (text.EndsWith('Z'))
            json.WriteStringValue(text);
        else
            json.WriteNumberValue(microseconds);
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteStringValue(value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }

    private static FormatException Unexpected(ref Utf8JsonReader json, AttributeField field, string expected) =>
        new($"\"{field.Name}\" must be {expected}; found {JsonFinding.Describe(ref json)}.");
}
