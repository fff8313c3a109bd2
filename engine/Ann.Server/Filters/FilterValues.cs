using System.Diagnostics;
using System.Globalization;
using Ann.Core.Attributes;
using Ann.Protocol.V1;
using AttributeType = Ann.Core.Attributes.AttributeType;
using KeyKind = Ann.Core.Keys.KeyKind;

namespace Ann.Server.Filters;

/// <summary>
/// What the values of a filter's text are. The type of the attribute decides where it is known; otherwise a value in quotes is a keyword,
/// and one without is what it looks like: whole number, number, time, true or false, or else a keyword.
/// </summary>
/// <param name="schema">Attributes of the index; null when unknown.</param>
/// <param name="keys">What its keys are; null when unknown.</param>
internal sealed class FilterValues(AttributeSchema? schema, KeyKind? keys)
{
    /// <summary>True for what can be the end of a range by its looks. A time may stand in quotes, for it can hold a blank.</summary>
    public static bool IsBound(FilterToken token) => token.Kind == FilterTokenKind.Word
        ? IsInteger(token.Text, out _) || IsReal(token.Text, out _) || IsTime(token.Text, out _)
        : token.Kind == FilterTokenKind.Quoted && IsTime(token.Text, out _);

    /// <summary>True when a text without quotes would be read as something else than a keyword.</summary>
    public static bool LooksLikeAnother(string text) =>
        LooksInteger(text) || IsReal(text, out _) || IsTime(text, out _) || IsBool(text, out _);

    /// <summary>Appends a value to those of a clause.</summary>
    /// <exception cref="FilterSyntaxException">It is of another kind than the attribute or the values before it.</exception>
    public void Add(InClause clause, FilterToken value)
    {
        AttributeTraits traits = TraitsOf(clause.Attribute) ?? AttributeTraits.Of(Guess(value));
        switch (traits.Form)
        {
            case AttributeForm.Text or AttributeForm.TextSet:
                Require(clause.Integers.Count + clause.Bools.Count == 0, value, "a value like those before it");
                clause.Keywords.Add(value.Text);
                break;
            case AttributeForm.Bit:
                Require(clause.Integers.Count + clause.Keywords.Count == 0, value, "a value like those before it");
                Require(value.Kind == FilterTokenKind.Word & IsBool(value.Text, out bool isTrue), value, "true or false");
                clause.Bools.Add(isTrue);
                break;
            case AttributeForm.Real:
                throw new FilterSyntaxException(
                    value.Position,
                    "a range: numbers with fractions are not compared for equality, so write "
                    + $"{clause.Attribute} between … and …",
                    value.Found);
            case AttributeForm.Integer:
                AddInteger(clause, value, traits.IsTime, ExpectedBound(traits));
                break;
            default:
                throw new UnreachableException($"{traits.Form}");
        }
    }

    /// <summary>An end of a range.</summary>
    /// <exception cref="FilterSyntaxException">It is none.</exception>
    public RangeBound Bound(string attribute, FilterToken value, bool exclusive)
    {
        AttributeTraits? traits = TraitsOf(attribute);
        bool mayBeTime = traits is null or { IsTime: true };
        RangeBound bound = new() { Exclusive = exclusive };
        bool isWord = value.Kind == FilterTokenKind.Word;
        if (isWord && IsInteger(value.Text, out long integer))
            bound.Integer = integer;
        else if (mayBeTime && IsTime(value.Text, out long microseconds))
            bound.Integer = microseconds;
        else if (isWord && traits is null or { Form: AttributeForm.Real } && IsReal(value.Text, out double real))
            bound.Real = real;
        else
            throw new FilterSyntaxException(
                value.Position, ExpectedBound(traits), mayBeTime ? FoundTime(value) : value.Found);
        return bound;
    }

    /// <summary>Appends a key.</summary>
    /// <exception cref="FilterSyntaxException">
    /// It is no number where the index has numbers, or of another kind than those before it.
    /// </exception>
    public void AddKey(KeyColumn into, FilterToken value)
    {
        bool isNumber = value.Kind == FilterTokenKind.Word & ulong.TryParse(
            value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
        if (keys == KeyKind.UInt64 && !isNumber)
            throw new FilterSyntaxException(value.Position, "a key, which is a whole number of 0 to 2^64 − 1", value.Found);
        if (keys == KeyKind.UInt64 || keys is null && isNumber)
        {
            Require(into.Texts.Count == 0, value, "a key like those before it");
            into.Numbers.Add(number);
        }
        else
        {
            Require(into.Numbers.Count == 0, value, "a key like those before it");
            into.Texts.Add(value.Text);
        }
    }

    private AttributeTraits? TraitsOf(string attribute) =>
        schema is not null && schema.Find(attribute) is int column and >= 0 ? schema.Fields[column].Traits : null;

    private static AttributeType Guess(FilterToken value) =>
        value.Kind == FilterTokenKind.Quoted ? AttributeType.Keyword
        : LooksInteger(value.Text) ? AttributeType.Int64
        : IsTime(value.Text, out _) ? AttributeType.Timestamp
        : IsReal(value.Text, out _) ? AttributeType.Double
        : IsBool(value.Text, out _) ? AttributeType.Bool
        : AttributeType.Keyword;

    private static void AddInteger(InClause clause, FilterToken value, bool mayBeTime, string expected)
    {
        Require(clause.Keywords.Count + clause.Bools.Count == 0, value, "a value like those before it");
        if (!(value.Kind == FilterTokenKind.Word && IsInteger(value.Text, out long integer))
            && !(mayBeTime && IsTime(value.Text, out integer)))
            throw new FilterSyntaxException(value.Position, expected, mayBeTime ? FoundTime(value) : value.Found);
        clause.Integers.Add(integer);
    }

    private static string ExpectedBound(AttributeTraits? traits) => traits switch
    {
        null => "a number, or a time such as 2026-01-31T12:00:00Z",
        { IsTime: true } => "a time with an offset, such as 2026-01-31T12:00:00Z, or microseconds since 1970",
        { Form: AttributeForm.Integer } => "a whole number of 64 bits",
        { Form: AttributeForm.Real } => "a number",
        _ => $"'=' or 'in' for an attribute of type {traits.Name}: it has no order",
    };

    /// <summary>What was found in the place of a time; of one that begins as a time, with the reason why it is none.</summary>
    private static string FoundTime(FilterToken value) =>
        value.Text is [>= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', '-', ..]
            && !TimestampText.TryParse(value.Text, out _, out string problem)
            ? $"{value.Found}, which {problem}"
            : value.Found;

    private static void Require(bool holds, FilterToken value, string expected)
    {
        if (!holds)
            throw new FilterSyntaxException(value.Position, expected, value.Found);
    }

    private static bool LooksInteger(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan(text.Length > 0 && text[0] is '+' or '-' ? 1 : 0);
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9');
    }

    private static bool IsInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool IsReal(string text, out double value)
    {
        value = text switch
        {
            "+inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => double.NaN,
        };
        if (double.IsInfinity(value))
            return true;
        bool startsAsNumber = text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.');
        return startsAsNumber
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    private static bool IsTime(string text, out long microseconds) => TimestampText.TryParse(text, out microseconds);

    private static bool IsBool(string text, out bool value)
    {
        value = string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        return value || string.Equals(text, "false", StringComparison.OrdinalIgnoreCase);
    }
}
