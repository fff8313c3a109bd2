using Ann.Core.Files;
using Ann.Core.Releases;

namespace Ann.Core.Indexes;

/// <summary>A file or a directory to be hosted, and the name it will have.</summary>
/// <param name="Name">Name of the index. Of a source that cannot be served, what it is listed as.</param>
/// <param name="Path">Its <c>.ann</c> file, or the directory of a live index or of a release.</param>
/// <param name="IsLive">True for a live index.</param>
internal sealed record IndexSource(string Name, string Path, bool IsLive = false)
{
    /// <summary>The file that makes a directory a live index.</summary>
    public const string ManifestName = ManifestFile.FileName;

    /// <summary>True when it was named by itself, not found in a directory. Default: false.</summary>
    public bool IsNamed { get; init; }

    /// <summary>True for a release: an index file with the encoder of its queries. Default: false.</summary>
    public bool IsRelease { get; init; }

    /// <summary>Why it cannot be served, before it was opened; null when nothing is known against it.</summary>
    public AnnException? Fault { get; init; }

    /// <summary>
    /// The files named one by one and those found in a data directory, and its live indexes, in ordinal order of their names. What cannot
    /// be served has a <see cref="Fault"/>, and keeps nobody else from being served.
    /// </summary>
    /// <param name="files">Where to look.</param>
    /// <param name="paths">Files and releases named one by one. One named twice counts once.</param>
    /// <param name="directory">
    /// Directory whose <c>*.ann</c> files are all hosted, and its subdirectories that hold a <see cref="ManifestName"/> or are releases;
    /// empty or null for none.
    /// </param>
    /// <exception cref="AnnException">
    /// What is wrong with the first of the named files, when something is with each; <see cref="AnnError.NotFound"/>: the directory does
    /// not exist; <see cref="AnnError.AlreadyExists"/>: a named file has the name of another source; names both.
    /// </exception>
    public static IReadOnlyList<IndexSource> Find(IFileSystem files, IEnumerable<string> paths, string? directory)
    {
        List<IndexSource> all = [.. paths.Select(path => OfFile(files, path) with { IsNamed = true })];
        if (all.Count > 0 && all.TrueForAll(static source => source.Fault is not null))
            throw all[0].Fault!;
        if (!string.IsNullOrEmpty(directory))
        {
            if (!files.DirectoryExists(directory))
                throw new AnnException(AnnError.NotFound, $"{directory}: no such directory.");
            foreach (string path in files.ListFiles(directory, "*" + IndexName.FileExtension))
                all.Add(OfFile(files, path));
            foreach (string path in files.ListDirectories(directory))
            {
                if (ManifestFile.Exists(files, path))
                    all.Add(OfDirectory(path));
                else if (ReleaseDirectory.Exists(files, path))
                    all.Add(OfFile(files, path));
            }
        }

        SortedDictionary<string, IndexSource> found = new(StringComparer.Ordinal);
        foreach (IndexSource source in all.OrderBy(static source => source.Fault is not null))
            Add(found, source);
        return [.. found.Values];
    }

    private static IndexSource OfFile(IFileSystem files, string path)
    {
        try
        {
            if (ReleaseDirectory.Exists(files, path))
                return new IndexSource(IndexName.OfRelease(path), path) { IsRelease = true };
            if (!files.FileExists(path))
            {
                throw new AnnException(AnnError.NotFound, files.DirectoryExists(path)
                    ? $"{path}: it is a directory without a {ReleaseDirectory.ListFile}, so no release."
                    : $"{path}: no such file.");
            }
            RegularFile.Require(files, path);
            return new IndexSource(IndexName.OfFile(path), path);
        }
        catch (AnnException fault)
        {
            return new IndexSource(System.IO.Path.GetFileNameWithoutExtension(path), path) { Fault = fault };
        }
    }

    private static IndexSource OfDirectory(string path)
    {
        try
        {
            return new IndexSource(IndexName.OfDirectory(path), path, IsLive: true);
        }
        catch (AnnException fault)
        {
            return new IndexSource(System.IO.Path.GetFileName(path), path) { Fault = fault };
        }
    }

    /// <summary>Gives a source its name. Those that can be served come first.</summary>
    private static void Add(SortedDictionary<string, IndexSource> found, IndexSource source)
    {
        if (source.Name.Length > 0 && found.TryAdd(source.Name, source))
            return;
        IndexSource? first = found.GetValueOrDefault(source.Name);
        if (first is not null && System.IO.Path.GetFullPath(first.Path) == System.IO.Path.GetFullPath(source.Path))
            return;
        if (source.Fault is not null)
        {
            // The name is another's; where it lies is nobody else's.
            string file = System.IO.Path.GetFileName(source.Path);
            string name = file.Length > 0 && !found.ContainsKey(file) ? file : source.Path;
            _ = found.TryAdd(name, source with { Name = name });
            return;
        }
        AnnException twice = new(
            AnnError.AlreadyExists,
            $"{source.Path}: an index named '{source.Name}' comes from {first!.Path} already. Rename one of them.");
        if (source.IsNamed || first.IsNamed)
            throw twice;
        found[source.Name] = first with { IsLive = false, Fault = twice }; // which of the two was meant, nobody can tell
    }
}
