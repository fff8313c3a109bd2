using System.Globalization;
using Ann.Core;

namespace Ann.Bench;

/// <summary>Numbers separated by commas, as an option gives them.</summary>
internal static class NumberList
{
    /// <summary>Reads a list.</summary>
    /// <exception cref="AnnException">InvalidArgument: empty, no number, or out of range; names the option.</exception>
    public static IReadOnlyList<int> Parse(string option, string text, int least, int most)
    {
        string[] words = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int[] values = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i])
                || values[i] < least || values[i] > most)
                throw AnnException.Invalid(option, $"{option} holds '{words[i]}'; each must be {least} to {most}.");
        }
        return values;
    }
}
