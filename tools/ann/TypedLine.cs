namespace Ann.Tool;

/// <summary>A command line as it can be typed again and shown to others.</summary>
internal static class TypedLine
{
    private const string Secret = "…";

    /// <summary>Quotes what a shell would take apart, and leaves out what is secret: the value of an option that ends with key.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="args">What was typed behind it.</param>
    public static string Of(string program, IReadOnlyList<string> args)
    {
        List<string> words = [program];
        bool isKey = false;
        foreach (string arg in args)
        {
            int equals = arg.IndexOf('=', StringComparison.Ordinal);
            bool isOption = arg.StartsWith("--", StringComparison.Ordinal);
            if (isKey && !isOption)
                words.Add(IsSecret(arg) ? Secret : Quoted(arg));
            else if (isOption && equals > 0 && IsKey(arg[..equals]) && IsSecret(arg[(equals + 1)..]))
                words.Add(arg[..(equals + 1)] + Secret);
            else
                words.Add(Quoted(arg));
            isKey = isOption && equals < 0 && IsKey(arg);
        }
        return string.Join(' ', words);
    }

    private static bool IsKey(string option) => option.EndsWith("-key", StringComparison.Ordinal);

    /// <summary>The name of a file with a key is none itself.</summary>
    private static bool IsSecret(string value) => !value.StartsWith('@');

    private static string Quoted(string word) =>
        word.Length > 0
        && word.All(static sign => char.IsAsciiLetterOrDigit(sign) || "-_./:=,@%+".Contains(sign, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
