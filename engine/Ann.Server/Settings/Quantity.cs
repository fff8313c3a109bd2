using System.Globalization;

namespace Ann.Server.Settings;

/// <summary>Sizes and times with a unit, such as <c>4GiB</c>, <c>500ms</c>, <c>1.5 s</c>.</summary>
internal static class Quantity
{
    /// <summary>Bytes of a unit of size: powers of 1024 with an i, of 1000 without.</summary>
    private static readonly Dictionary<string, decimal> Sizes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["B"] = 1,
        ["kB"] = 1_000m,
        ["MB"] = 1_000_000m,
        ["GB"] = 1_000_000_000m,
        ["TB"] = 1_000_000_000_000m,
        ["KiB"] = 1L << 10,
        ["MiB"] = 1L << 20,
        ["GiB"] = 1L << 30,
        ["TiB"] = 1L << 40,
    };

    /// <summary>Milliseconds of a unit of time.</summary>
    private static readonly Dictionary<string, decimal> Times = new(StringComparer.OrdinalIgnoreCase)
    {
        ["us"] = 0.001m,
        ["ms"] = 1,
        ["s"] = 1_000,
        ["min"] = 60_000,
        ["h"] = 3_600_000,
    };

    /// <summary>True for a unit whose values may be written with another one.</summary>
    public static bool Has(string unit) => unit is SettingAttribute.Bytes or SettingAttribute.Milliseconds or SettingAttribute.Seconds;

    /// <summary>Reads a number with a unit of the same kind.</summary>
    /// <param name="text">A number without group separators, perhaps a blank, and a unit in any case of letters.</param>
    /// <param name="unit">What the value counts: one for which <see cref="Has"/> is true.</param>
    /// <param name="value">How many of <paramref name="unit"/>; perhaps a fraction.</param>
    public static bool TryRead(string text, string unit, out decimal value)
    {
        string trimmed = text.Trim();
        int end = trimmed.Length;
        while (end > 0 && char.IsAsciiLetter(trimmed[end - 1]))
            end--;
        value = 0;
        Dictionary<string, decimal> units = unit == SettingAttribute.Bytes ? Sizes : Times;
        const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite;
        if (!units.TryGetValue(trimmed[end..], out decimal size)
            || !decimal.TryParse(trimmed.AsSpan(0, end), Plain, CultureInfo.InvariantCulture, out decimal number)
            || Math.Abs(number) > long.MaxValue)
        {
            return false;
        }
        value = unit == SettingAttribute.Seconds ? number * size / Times["s"] : number * size;
        return true;
    }

    /// <summary>A value as people read it: bytes in the largest unit that they are a whole number of, other numbers in groups.</summary>
    public static string ToText(double value, string unit)
    {
        if (value >= long.MaxValue)
            return "2^63 − 1";
        if (unit == SettingAttribute.Bytes && value >= 1024)
        {
            string[] names = ["TiB", "GiB", "MiB", "KiB", "B"];
            string name = names.First(one => value % (double)Sizes[one] == 0);
            return string.Create(CultureInfo.InvariantCulture, $"{value / (double)Sizes[name]:#,0} {name}");
        }
        return value.ToString("#,0.######", CultureInfo.InvariantCulture);
    }
}
