using System.Globalization;

namespace Ann.Core.Attributes;

/// <summary>
/// Values of <see cref="AttributeType.Timestamp"/> as people write them: ISO 8601 with an offset, such as <c>2026-01-31T12:00:00Z</c> or
/// <c>2026-01-31T12:00:00.25+01:00</c>. An offset is asked for, since without one nobody can tell which moment is meant.
/// </summary>
public static class TimestampText
{
    private const long MicrosecondTicks = TimeSpan.TicksPerMicrosecond;

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>Reads a time of the years 1 to 9999, to the microsecond.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="microseconds">Microseconds since 1970-01-01T00:00:00Z.</param>
    /// <returns>False when it is none, has no offset, or is finer than a microsecond.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds)
    {
        const int Date = 10; // Behind the date a sign can only be that of the offset.
        bool hasOffset = text.Length > Date && (text[^1] is 'Z' || text[Date..].IndexOfAny('+', '-') >= 0);
        if (hasOffset
            && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
        {
            microseconds = (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / MicrosecondTicks;
            return true;
        }
        microseconds = 0;
        return false;
    }

    /// <summary>Writes a time so that <see cref="TryParse"/> reads the same; the number itself outside of the years 1 to 9999.</summary>
    /// <param name="microseconds">Microseconds since 1970-01-01T00:00:00Z.</param>
    public static string Format(long microseconds)
    {
        long least = (DateTimeOffset.MinValue.Ticks - DateTimeOffset.UnixEpoch.Ticks) / MicrosecondTicks;
        long most = (DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks) / MicrosecondTicks;
        return microseconds >= least && microseconds <= most
            ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * MicrosecondTicks)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
            : microseconds.ToString(CultureInfo.InvariantCulture);
    }
}
