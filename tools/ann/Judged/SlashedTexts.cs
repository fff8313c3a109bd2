using Ann.Core.Files;

namespace Ann.Tool.Judged;

/// <summary>Glasgow's collections: a number, its lines, and a slash; again and again.</summary>
internal static class SlashedTexts
{
    /// <summary>Reads a collection.</summary>
    public static JudgedCollection ReadFolder(IFileSystem files, string name, string folder) => JudgedCollection.Of(
        name, Texts(files, Path.Combine(folder, "doc-text")), Texts(files, Path.Combine(folder, "query-text")),
        [
            .. ReadBlocks(files, Path.Combine(folder, "rlv-ass")).SelectMany(static block =>
                block.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(passage => new Judgement(block.Id, passage, 1))),
        ]);

    private static JudgedTexts Texts(IFileSystem files, string path)
    {
        (string Id, string Text)[] blocks = [.. ReadBlocks(files, path)];
        return new JudgedTexts([.. blocks.Select(static block => block.Id)], [.. blocks.Select(static block => block.Text)]);
    }

    private static IEnumerable<(string Id, string Text)> ReadBlocks(IFileSystem files, string path)
    {
        List<string> lines = [];
        using StreamReader reader = new(files.OpenRead(path));
        while (reader.ReadLine() is { } read)
        {
            string line = read.Trim();
            if (line.Length > 0 && line != "/")
                lines.Add(line);
            else if (line == "/" && lines.Count > 0)
            {
                yield return (lines[0], string.Join(' ', lines.Skip(1)));
                lines.Clear();
            }
        }
    }
}
