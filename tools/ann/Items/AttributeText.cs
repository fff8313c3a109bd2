using System.Globalization;
using Ann.Core.Attributes;

namespace Ann.Tool.Items;

/// <summary>
/// Values of attributes as the fields of a text table: an empty field is no value, the texts of a set stand between <c>|</c>, true and
/// false may be written in capitals or as 1 and 0, times have an offset or are microseconds since 1970.
/// </summary>
internal static class AttributeText
{
    /// <summary>What stands between the texts of a set.</summary>
    public const char BetweenTexts = '|';

    private const int MostShown = 40;

    /// <summary>Appends the value of a field to a column.</summary>
    /// <exception cref="FormatException">What was expected and found, as an end of a sentence that names the place.</exception>
    public static void Read(string text, AttributeColumn into)
    {
        AttributeField field = into.Field;
        if (text.Length == 0)
        {
            into.AddMissing();
            return;
        }
        _ = field.Traits.Form switch
        {
            AttributeForm.Text => into.Add(Bytes(text, field)),
            AttributeForm.TextSet => ReadSet(text, into),
            AttributeForm.Integer when field.Traits.IsTime => into.Add(ReadTime(text, field)),
            AttributeForm.Integer => into.Add(
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                    ? number
                    : throw Unexpected(field, "a whole number of 64 bits", text)),
            AttributeForm.Real => into.Add(
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && !double.IsNaN(real)
                    ? real
                    : throw Unexpected(field, "a number of 64 bits", text)),
            AttributeForm.Bit => into.Add(ReadBool(text) ?? throw Unexpected(field, "true or false", text)),
        };
    }

    /// <summary>Bytes of a text of an attribute.</summary>
    /// <exception cref="FormatException">More than one may have.</exception>
    public static byte[] Bytes(string text, AttributeField field)
    {
        int length = System.Text.Encoding.UTF8.GetByteCount(text);
        return length <= AttributeSchema.MaxKeywordBytes
            ? System.Text.Encoding.UTF8.GetBytes(text)
            : throw new FormatException(
                $"a text of column '{field.Name}' takes {length} bytes; at most {AttributeSchema.MaxKeywordBytes} are taken.");
    }

    /// <summary>Appends the texts of a set.</summary>
    /// <exception cref="FormatException">More than one may have, or one that is too long.</exception>
    public static AttributeColumn ReadSet(IEnumerable<string> texts, AttributeColumn into)
    {
        foreach (string text in texts)
            if (!into.TryAddToSet(Bytes(text, into.Field)))
                throw new FormatException($"column '{into.Field.Name}' has more than {AttributeSchema.MaxSetSize} different texts.");
        return into.EndSet();
    }

    /// <summary>A value that is none of an attribute.</summary>
    public static FormatException Unexpected(AttributeField field, string expected, string found)
    {
        string shown = PrintedText.Of(found.Length <= MostShown ? found : found[..MostShown] + "…");
        return new FormatException($"column '{field.Name}' must be {expected}; found '{shown}'.");
    }

    private static AttributeColumn ReadSet(string text, AttributeColumn into) => ReadSet(text.Split(BetweenTexts), into);

    private static long ReadTime(string text, AttributeField field)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long microseconds))
            return microseconds;
        return TimestampText.TryParse(text, out microseconds, out string problem)
            ? microseconds
            : throw Unexpected(
                field, $"a time with an offset, such as 2026-01-31T12:00:00Z, or microseconds since 1970 (this {problem})", text);
    }

    private static bool? ReadBool(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => null,
    };
}
