using System.Buffers;
using Ann.Core.Releases;

namespace Ann.Core.Indexes;

/// <summary>
/// The rules of index names: 1 to <see cref="MaxLength"/> ASCII letters, digits, '.', '_' and '-', the first a letter or digit.
/// </summary>
/// <remarks>'@' stays free: it parts a name from a generation. The rest is what files, URLs, metrics and shells all leave alone.</remarks>
internal static class IndexName
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>File name extension of an index.</summary>
    public const string FileExtension = ".ann";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>True when <paramref name="name"/> can be an index's name.</summary>
    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxLength && char.IsAsciiLetterOrDigit(name[0]) && !name.ContainsAnyExcept(Allowed);

    /// <summary>The name of the index in a file: the file's name without its extension.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: no index name; names the file and the rule.</exception>
    public static string OfFile(string path) => Require(Path.GetFileNameWithoutExtension(path), path);

    /// <summary>The name of the live index in a directory: the directory's name.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: no index name; names the directory and the rule.</exception>
    public static string OfDirectory(string path) => Require(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), path);

    /// <summary>The name of the index in a release: the directory's name without <c>.release</c>.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: no index name; names the directory and the rule.</exception>
    public static string OfRelease(string path)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        bool isPlain = !name.EndsWith(ReleaseDirectory.Extension, StringComparison.Ordinal);
        return Require(isPlain ? name : name[..^ReleaseDirectory.Extension.Length], path);
    }

    /// <summary>Refuses what cannot be an index's name.</summary>
    /// <param name="field">The request field, in the caller's own spelling.</param>
    /// <param name="name">What it holds.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field and the rule.</exception>
    public static void RequireField(string field, string name)
    {
        if (!IsValid(name))
            throw AnnException.Invalid(field, $"{field} is '{Shown(name)}'; {Rule}");
    }

    private static string Rule =>
        $"it takes 1 to {MaxLength} letters, digits, '.', '_', '-', the first a letter or digit.";

    private static string Require(string name, string path) =>
        IsValid(name) ? name : throw AnnException.BadInput(path, "", $"'{name}' cannot be an index's name: {Rule}");

    /// <summary>Errors quote names, and travel in headers, which are small.</summary>
    private static string Shown(string name) => name.Length <= MaxLength ? name : name[..MaxLength] + "…";
}

/// <summary>What a caller writes to address an index: <c>name</c>, or <c>name@generation</c> to insist on one generation.</summary>
/// <param name="Name">Name of the index.</param>
/// <param name="Generation">The generation insisted on; null when any will do.</param>
internal readonly record struct IndexReference(string Name, string? Generation)
{
    /// <summary>Longest reference, in characters: a name, '@' and a generation, with room to spare.</summary>
    private const int MaxLength = 256;

    /// <summary>Reads a reference. Does not ask whether the index exists.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too long, or the name or the generation is empty.</exception>
    public static IndexReference Parse(string text)
    {
        // Errors quote the reference, and travel in headers, which are small.
        if (text.Length > MaxLength)
            throw AnnException.Invalid("index", $"index takes {text.Length} characters; it must be at most {MaxLength}.");
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string name = at < 0 ? text : text[..at];
        if (name.Length == 0)
            throw AnnException.Invalid("index", "index is empty; it must be a name or name@generation.");
        if (at == text.Length - 1)
            throw AnnException.Invalid("index", $"index is '{text}'; a generation must follow the '@'.");

        return new IndexReference(name, at < 0 ? null : text[(at + 1)..]);
    }
}
