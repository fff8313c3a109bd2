using System.Text.RegularExpressions;

namespace Ann.Tests.House;

/// <summary>Which folders of a project use which: by using directives, by qualified names, and by the names of a folder above.</summary>
internal sealed partial class FolderGraph
{
    /// <summary>What lies in the project's own folder. Its namespace is above all others, so every folder sees it.</summary>
    public const string Root = "(root)";

    private readonly Dictionary<string, Dictionary<string, string>> _uses = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    private FolderGraph()
    {
    }

    /// <summary>The folders that have sources, but for the root.</summary>
    public IEnumerable<string> Folders => _uses.Keys.Where(static folder => folder != Root);

    /// <summary>What hides an edge, and what no table could allow.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The folders that a folder uses, each with a file that does.</summary>
    public IReadOnlyDictionary<string, string> UsesOf(string folder) => _uses[folder];

    /// <summary>Reads the sources of a project.</summary>
    /// <param name="project">Its name, which is that of its namespace.</param>
    /// <param name="sources">Path of each file below the project's folder, with slashes, and its text.</param>
    public static FolderGraph Read(string project, IReadOnlyDictionary<string, string> sources)
    {
        FolderGraph graph = new();
        Dictionary<string, string> codes = sources.ToDictionary(
            static source => source.Key, static source => Code(source.Value), StringComparer.Ordinal);
        ILookup<string, string> types = codes
            .SelectMany(static code => TypesOf(code.Value).Select(type => (Folder: FolderOf(code.Key), Type: type)))
            .ToLookup(static found => found.Folder, static found => found.Type);
        string[] folders = [.. codes.Keys.Select(FolderOf).Distinct()];
        Dictionary<string, Regex> names = folders.Where(static folder => folder != Root)
            .ToDictionary(static folder => folder, folder => new Regex(Qualified(project, folder, types[folder])), StringComparer.Ordinal);
        foreach (string folder in folders)
            graph._uses[folder] = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, string code) in codes)
            graph.Add(project, path, code, names, types);
        foreach ((string used, string path) in graph._uses.GetValueOrDefault(Root, []))
            graph._faults.Add($"{project}/{path} uses {used}, which sees the project's own folder; that one may use none.");
        return graph;
    }

    /// <summary>Names of the types that a file declares for all of its project; the nested and the file-local ones are left out.</summary>
    /// <param name="code">Without comments.</param>
    public static IEnumerable<string> TypesOf(string code) => Declaration().Matches(code)
        .Where(static match => !match.Groups[1].Value.Split(' ').Contains("file"))
        .Select(static match => match.Groups[2].Value);

    /// <summary>A source without its comments. Texts stay: they may hold code.</summary>
    public static string Code(string source) =>
        TextOrComment().Replace(source, static match => match.Value[0] == '/' ? "" : match.Value);

    /// <summary>A circle of what is used, its first folder again at the end; null when there is none.</summary>
    public static IReadOnlyList<string>? CircleOf(IReadOnlyDictionary<string, string[]> uses)
    {
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (string folder in uses.Keys.Order(StringComparer.Ordinal))
            if (CircleFrom(folder, []) is { } circle)
                return circle;
        return null;

        IReadOnlyList<string>? CircleFrom(string folder, string[] way)
        {
            if (Array.IndexOf(way, folder) is int first and >= 0)
                return [.. way[first..], folder];
            if (done.Contains(folder))
                return null;
            foreach (string used in uses.GetValueOrDefault(folder, []))
                if (CircleFrom(used, [.. way, folder]) is { } circle)
                    return circle;
            done.Add(folder);
            return null;
        }
    }

    private void Add(string project, string path, string code, Dictionary<string, Regex> names, ILookup<string, string> types)
    {
        string from = FolderOf(path);
        foreach (Match match in Using().Matches(code))
        {
            string[] parts = match.Groups[2].Value.Split('.');
            // Of an alias or a static directive the end is a type: the folder is the longest that fits.
            string? to = Enumerable.Range(1, parts.Length).Reverse()
                .Select(length => string.Join('.', parts[..length]))
                .Where(name => name.StartsWith(project + ".", StringComparison.Ordinal))
                .Select(name => name[(project.Length + 1)..].Replace('.', '/'))
                .FirstOrDefault(names.ContainsKey);
            if (to is not null && match.Groups[1].Length > 0)
                _faults.Add($"{project}/{path}: a global using hides which folders use {to}.");
            Add(from, to, path);
        }
        string body = Using().Replace(code, "");
        foreach ((string to, Regex qualified) in names)
        {
            bool isAbove = from.StartsWith(to + "/", StringComparison.Ordinal);
            if (qualified.IsMatch(body) || (isAbove && types[to].Any(type => Regex.IsMatch(body, $@"(?<![\w.]){type}\b"))))
                Add(from, to, path);
        }
    }

    private void Add(string from, string? to, string path)
    {
        if (to is not null && to != from)
            _uses[from].TryAdd(to, path);
    }

    /// <summary>A type of a folder with its namespace, or with as much of it as is needed from a namespace above.</summary>
    private static string Qualified(string project, string folder, IEnumerable<string> types)
    {
        string[] parts = [.. project.Split('.'), .. folder.Split('/')];
        IEnumerable<string> spaces = Enumerable.Range(0, parts.Length).Select(first => string.Join(@"\.", parts[first..]));
        return $@"(?<![\w.])(?:{string.Join('|', spaces)})\.(?:{string.Join('|', types)})\b";
    }

    private static string FolderOf(string path) => path.LastIndexOf('/') is int end and >= 0 ? path[..end] : Root;

    [GeneratedRegex(@"^(global )?using (?:static )?(?:\w+ = )?(?:global::)?([\w.]+)[^;\n]*;", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(
        @"^((?:(?:public|internal|file|static|sealed|abstract|readonly|partial|unsafe|ref) )*)"
        + @"(?:class|struct|interface|enum|record(?: struct| class)?|delegate [^(;=]+?) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(
        """"
        \"\"\"[\s\S]*?\"\"\"|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|//[^\n]*|/\*[\s\S]*?\*/
        """")]
    private static partial Regex TextOrComment();
}
