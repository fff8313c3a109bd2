using Ann.Core;
using Ann.Core.Files;

namespace Ann.Bench.Encoders;

/// <summary>Texts to encode.</summary>
internal static class BenchTexts
{
    private const int Seed = 7, FewestWords = 4, MostWords = 40;

    private static readonly string[] Syllables =
        ["ka", "lo", "min", "ter", "shoe", "red", "wa", "ing", "con", "pre", "ble", "house", "gar", "den", "light", "tion", "er", "in"];

    /// <summary>The texts of a file.</summary>
    /// <exception cref="AnnException">There is no such file, or no text in it.</exception>
    public static string[] Read(IFileSystem files, string path)
    {
        bool isTable = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase);
        List<string> texts = [];
        using StreamReader reader = new(files.OpenRead(path));
        while (reader.ReadLine() is { } line)
            if ((isTable ? line.Split('\t').MaxBy(static field => field.Length)! : line) is { Length: > 0 } text)
                texts.Add(text);
        return texts.Count > 0 ? [.. texts] : throw AnnException.BadInput(path, "", "expected a text a line; found none.");
    }

    /// <summary>So many texts, always the same: words of one to three syllables.</summary>
    public static string[] Made(int count)
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(FewestWords, MostWords + 1))
            .Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Syllables[random.Next(Syllables.Length)])))))];
    }
}
