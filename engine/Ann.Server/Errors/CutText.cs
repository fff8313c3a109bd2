using System.Text;
using System.Text.RegularExpressions;

namespace Ann.Server.Errors;

/// <summary>
/// Cuts what a message repeats of a request. A status travels in trailers, and a client whose limit they pass closes its connection, with
/// every other call on it: many take 8 to 16 KB.
/// </summary>
internal static partial class CutText
{
    /// <summary>Characters of a quotation that are shown.</summary>
    public const int MostQuoted = 128;

    /// <summary>Bytes of UTF-8 of a whole message: three times as many when they are escaped.</summary>
    public const int MostBytes = 1024;

    /// <summary>A message that is short enough.</summary>
    public static string Of(string message)
    {
        if (message.Length <= MostQuoted)
            return message;
        message = LongRun().Replace(message, static run => $"{Head(run.Value, MostQuoted)}… ({run.Length} characters)");
        if (System.Text.Encoding.UTF8.GetByteCount(message) <= MostBytes)
            return message;
        int bytes = 0;
        int length = 0;
        foreach (Rune rune in message.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MostBytes - 64)
                break;
            length += rune.Utf16SequenceLength;
        }
        return $"{message[..length]}… ({message.Length} characters)";
    }

    /// <summary>The path of a field, which a program reads: whole, unless it holds a name that the caller made up.</summary>
    public static string OfPath(string path) => path.Length <= 4 * MostQuoted ? path : Head(path, 4 * MostQuoted) + "…";

    private static string Head(string text, int length) => text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

    /// <summary>What stands between quotation marks or blanks, and is longer than a reader will read.</summary>
    [GeneratedRegex(@"(?<=')[^']{129,}(?=')|[^\s']{129,}", RegexOptions.CultureInvariant)]
    private static partial Regex LongRun();
}
