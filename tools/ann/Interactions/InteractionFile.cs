using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Interactions;

/// <summary>Users and what they took, by keys: a line an event, <c>user TAB item</c>, behind which a time may stand.</summary>
internal static class InteractionFile
{
    private static readonly string[] Heads = ["user", "user_id", "userid"];

    /// <summary>
    /// Reads the events of a file. A first line that begins with <c>user</c>, <c>user_id</c> or <c>userId</c> names columns.
    /// </summary>
    /// <returns>Of each user the items, in the order of the file, each once.</returns>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: a line that is none, or no line at all.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(IFileSystem files, string path)
    {
        Dictionary<string, IReadOnlyList<string>> events = new(StringComparer.Ordinal);
        HashSet<(string, string)> seen = [];
        using StreamReader reader = new(files.OpenRead(path));
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            string[] fields = text.Split('\t');
            if (text.Length == 0 || (line == 1 && Heads.Contains(fields[0], StringComparer.OrdinalIgnoreCase)))
                continue;
            if (fields.Length is not (2 or 3) || fields[0].Length == 0 || fields[1].Length == 0)
            {
                throw AnnException.BadInput(
                    path, $"line {line}", $"expected user, item and perhaps a time, with tabs between; found '{PrintedText.Of(text)}'.");
            }
            if (!seen.Add((fields[0], fields[1])))
                continue;
            if (!events.TryGetValue(fields[0], out IReadOnlyList<string>? items))
                events.Add(fields[0], items = new List<string>());
            ((List<string>)items).Add(fields[1]);
        }
        return events.Count > 0 ? events : throw AnnException.BadInput(path, "", "it holds no events.");
    }
}
