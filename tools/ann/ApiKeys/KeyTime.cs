using System.Globalization;
using Ann.Core;

namespace Ann.Tool.ApiKeys;

/// <summary>Times of API keys, as command lines give them.</summary>
internal static class KeyTime
{
    /// <summary>What a help text says of an end.</summary>
    public const string EndForm = "90d|DATE|never";

    /// <summary>An hour of the year 9999 would overflow; nobody means it.</summary>
    private const int MostDays = 36_500;

    /// <summary>When a key ends: after a time such as <c>90d</c>, at a date or an instant of ISO 8601 (UTC), or never.</summary>
    /// <returns>Null for never.</returns>
    /// <exception cref="AnnException">InvalidArgument: none of these.</exception>
    public static DateTimeOffset? End(string option, string text, DateTimeOffset now)
    {
        if (text == "never")
            return null;
        if (TryLength(text, out TimeSpan length))
            return now + length;
        if (DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset end))
        {
            return end;
        }
        throw AnnException.Invalid(
            option, $"{option} is '{text}'; expected a time such as 90d or 12h, a date such as 2027-01-31 (UTC), or never.");
    }

    /// <summary>A length such as <c>24h</c>; 0 for none.</summary>
    /// <exception cref="AnnException">InvalidArgument: no such length.</exception>
    public static TimeSpan Length(string option, string text)
    {
        if (text == "0")
            return TimeSpan.Zero;
        return TryLength(text, out TimeSpan length)
            ? length
            : throw AnnException.Invalid(option, $"{option} is '{text}'; expected a time such as 30min, 24h or 7d, or 0.");
    }

    private static bool TryLength(string text, out TimeSpan length)
    {
        length = default;
        (string number, TimeSpan unit) = text switch
        {
            _ when text.EndsWith("min", StringComparison.Ordinal) => (text[..^3], TimeSpan.FromMinutes(1)),
            _ when text.EndsWith('s') => (text[..^1], TimeSpan.FromSeconds(1)),
            _ when text.EndsWith('h') => (text[..^1], TimeSpan.FromHours(1)),
            _ when text.EndsWith('d') => (text[..^1], TimeSpan.FromDays(1)),
            _ => ("", default),
        };
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count == 0)
            return false;
        if (count * unit.TotalDays > MostDays)
            return false;
        length = count * unit;
        return true;
    }
}
