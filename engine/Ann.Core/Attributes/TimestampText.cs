using System.Globalization;

namespace Ann.Core.Attributes;

/// <summary>
/// Values of <see cref="AttributeType.Timestamp"/> as people and programs write them: RFC 3339, such as <c>2026-01-31T12:00:00Z</c> or
/// <c>2026-01-31t12:00:00.25+01:00</c>, and what serialisers make of it: a blank for the T, no seconds, an offset as <c>+01</c>,
/// <c>+0100</c> or <c>UTC</c>, a blank before it, and any number of digits. Digits beyond the microsecond are cut off, everywhere alike, so
/// that a time finds itself. An offset is asked for, since without one nobody can tell which moment is meant.
/// </summary>
internal static class TimestampText
{
    private const long MicrosecondTicks = TimeSpan.TicksPerMicrosecond;
    private const int MicrosecondDigits = 6;
    private const long Least = -62_135_596_800_000_000; // 0001-01-01T00:00:00Z
    private const long Most = 253_402_300_799_999_999; // 9999-12-31T23:59:59.999999Z

    /// <summary>Reads a time of the years 1 to 9999, to the microsecond.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="microseconds">Microseconds since 1970-01-01T00:00:00Z, rounded down; 0 when it is no time.</param>
    /// <returns>False when it is no time, or has no offset.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds) => TryParse(text, out microseconds, out _);

    /// <summary>As the shorter one, and says why a text is refused.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="microseconds">As the shorter one.</param>
    /// <param name="problem">The end of a sentence that begins with the text, such as "has no offset"; empty when it was read.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds, out string problem)
    {
        problem = Read(text, out long days, out long ofDay, out int offset) ?? "";
        microseconds = days * TimeSpan.MicrosecondsPerDay + ofDay - offset * TimeSpan.MicrosecondsPerMinute;
        if (problem.Length == 0 && microseconds is < Least or > Most)
            problem = "is outside of the years 1 to 9999";
        if (problem.Length > 0)
            microseconds = 0;
        return problem.Length == 0;
    }

    /// <summary>
    /// Writes a time so that <see cref="TryParse(ReadOnlySpan{char}, out long)"/> reads the same; the number itself outside of the years 1
    /// to 9999.
    /// </summary>
    /// <param name="microseconds">Microseconds since 1970-01-01T00:00:00Z.</param>
    public static string Format(long microseconds) => microseconds is >= Least and <= Most
        ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * MicrosecondTicks)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
        : microseconds.ToString(CultureInfo.InvariantCulture);

    private static string? Read(ReadOnlySpan<char> text, out long days, out long ofDay, out int offset)
    {
        ofDay = offset = 0;
        if (ReadDate(ref text, out days) is { } noDate)
            return noDate;
        if (text.Length == 0)
            return "is a date without a time and an offset";
        if (text[0] is not ('T' or 't' or ' '))
            return "has no T behind the date";
        text = text[1..];
        if (!TakeNumber(ref text, 2, out int hour) || !Take(ref text, ':') || !TakeNumber(ref text, 2, out int minute))
            return "has no time such as 12:00:00 behind the date";
        int second = 0;
        bool hasSecond = Take(ref text, ':');
        if (hasSecond && !TakeNumber(ref text, 2, out second))
            return "has no seconds of two digits";
        if (hour > 23 || minute > 59 || second > 59)
            return second == 60 ? "is a leap second, and those are not taken" : "has a time beyond 23:59:59";
        long fraction = 0;
        if (hasSecond && Take(ref text, '.') && !TakeFraction(ref text, out fraction))
            return "has no digits behind the point";
        ofDay = ((hour * 60L + minute) * 60 + second) * TimeSpan.MicrosecondsPerSecond + fraction;
        return ReadOffset(text, out offset);
    }

    private static string? ReadDate(ref ReadOnlySpan<char> text, out long days)
    {
        days = 0;
        if (!TakeNumber(ref text, 4, out int year) || !Take(ref text, '-') || !TakeNumber(ref text, 2, out int month)
            || !Take(ref text, '-') || !TakeNumber(ref text, 2, out int day))
            return "does not begin with a date such as 2026-01-31";
        if (year == 0 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return "is of a day that there is not";
        days = new DateOnly(year, month, day).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return null;
    }

    /// <param name="text">All behind the time.</param>
    /// <param name="minutes">What the written time is ahead of UTC.</param>
    private static string? ReadOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text.Length > 1)
            Take(ref text, ' ');
        if (text.Length == 0)
            return "has no offset, such as Z or +01:00";
        if (text is "Z" or "z" or "UTC")
            return null;
        int sign = text[0] == '-' ? -1 : 1;
        bool isOffset = text[0] is '+' or '-';
        text = text[1..];
        int minute = 0;
        isOffset = isOffset && TakeNumber(ref text, 2, out minutes);
        if (isOffset && text.Length > 0)
        {
            Take(ref text, ':');
            isOffset = TakeNumber(ref text, 2, out minute) && text.Length == 0;
        }
        if (!isOffset || minutes > 23 || minute > 59)
            return "does not end with an offset such as Z or +01:00";
        minutes = sign * (minutes * 60 + minute);
        return null;
    }

    private static bool Take(ref ReadOnlySpan<char> text, char sign)
    {
        bool isThere = text.Length > 0 && text[0] == sign;
        if (isThere)
            text = text[1..];
        return isThere;
    }

    private static bool TakeNumber(ref ReadOnlySpan<char> text, int digits, out int number)
    {
        number = 0;
        if (text.Length < digits || text[..digits].ContainsAnyExceptInRange('0', '9'))
            return false;
        foreach (char digit in text[..digits])
            number = 10 * number + (digit - '0');
        text = text[digits..];
        return true;
    }

    private static bool TakeFraction(ref ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        int digits = 0;
        for (; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
            if (digits < MicrosecondDigits)
                microseconds = 10 * microseconds + (text[digits] - '0');
        for (int missing = digits; missing < MicrosecondDigits; missing++)
            microseconds *= 10;
        text = text[digits..];
        return digits > 0;
    }
}
