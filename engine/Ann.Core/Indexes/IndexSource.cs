using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>A file or a directory to be hosted, and the name it will have.</summary>
/// <param name="Name">Name of the index.</param>
/// <param name="Path">Its <c>.ann</c> file, or the directory of a live index.</param>
/// <param name="IsLive">True for a live index.</param>
internal sealed record IndexSource(string Name, string Path, bool IsLive = false)
{
    /// <summary>The file that makes a directory a live index.</summary>
    public const string ManifestName = ManifestFile.FileName;

    /// <summary>
    /// The files named one by one and those found in a data directory, and its live indexes, in ordinal order of their names.
    /// </summary>
    /// <param name="files">Where to look.</param>
    /// <param name="paths">Files named one by one. One named twice counts once.</param>
    /// <param name="directory">
    /// Directory whose <c>*.ann</c> files are all hosted, and its subdirectories that hold a <see cref="ManifestName"/>; empty or null for
    /// none.
    /// </param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: a file or the directory does not exist. <see cref="AnnError.AlreadyExists"/>: two sources give one
    /// name; names both. <see cref="AnnError.InvalidArgument"/>: a name cannot be an index's name.
    /// </exception>
    public static IReadOnlyList<IndexSource> Find(IFileSystem files, IEnumerable<string> paths, string? directory)
    {
        SortedDictionary<string, IndexSource> found = new(StringComparer.Ordinal);
        foreach (string path in paths)
        {
            if (!files.FileExists(path))
                throw new AnnException(AnnError.NotFound, $"{path}: no such file.");
            Add(new IndexSource(IndexName.OfFile(path), path));
        }

        if (!string.IsNullOrEmpty(directory))
        {
            if (!files.DirectoryExists(directory))
                throw new AnnException(AnnError.NotFound, $"{directory}: no such directory.");
            foreach (string path in files.ListFiles(directory, "*" + IndexName.FileExtension))
                Add(new IndexSource(IndexName.OfFile(path), path));
            foreach (string path in files.ListDirectories(directory))
                if (files.FileExists(System.IO.Path.Combine(path, ManifestName)))
                    Add(new IndexSource(IndexName.OfDirectory(path), path, IsLive: true));
        }

        return [.. found.Values];

        void Add(IndexSource source)
        {
            if (found.TryAdd(source.Name, source))
                return;
            string first = found[source.Name].Path;
            if (System.IO.Path.GetFullPath(first) != System.IO.Path.GetFullPath(source.Path))
            {
                throw new AnnException(
                    AnnError.AlreadyExists,
                    $"{source.Path}: an index named '{source.Name}' comes from {first} already. Rename one of them.");
            }
        }
    }
}
