namespace Ann.Core.Files;

/// <summary>Directories with what is in them.</summary>
internal static class DirectoryTree
{
    /// <summary>Paths of all files below a directory, as they are from there, parts by <c>/</c>, in ordinal order a directory.</summary>
    public static IEnumerable<string> Files(IFileSystem files, string directory, string prefix = "")
    {
        foreach (string path in files.ListFiles(directory, "*"))
            yield return prefix + Path.GetFileName(path);
        foreach (string path in files.ListDirectories(directory))
            foreach (string name in Files(files, path, $"{prefix}{Path.GetFileName(path)}/"))
                yield return name;
    }

    /// <summary>Makes the directories of some files, and lets their names survive a power cut. The files come after.</summary>
    /// <param name="files">Where they are.</param>
    /// <param name="directory">A directory, made too; the one above it exists.</param>
    /// <param name="names">Paths of the files from there, parts by <c>/</c>.</param>
    public static void Create(IFileSystem files, string directory, IEnumerable<string> names)
    {
        files.CreateDirectory(directory);
        FlushAbove(files, directory);
        foreach (string name in names)
        {
            string parent = directory;
            foreach (string part in name.Split('/')[..^1])
            {
                parent = Path.Combine(parent, part);
                if (files.DirectoryExists(parent))
                    continue;
                files.CreateDirectory(parent);
                FlushAbove(files, parent);
            }
        }
    }

    /// <summary>Deletes a directory with everything in it; does nothing when there is none.</summary>
    public static void Delete(IFileSystem files, string directory)
    {
        if (!files.DirectoryExists(directory))
            return;
        foreach (string path in files.ListFiles(directory, "*"))
            files.Delete(path);
        foreach (string path in files.ListDirectories(directory))
            Delete(files, path);
        files.DeleteDirectory(directory);
    }

    private static void FlushAbove(IFileSystem files, string directory)
    {
        if (Path.GetDirectoryName(directory) is { Length: > 0 } above)
            files.FlushDirectory(above);
    }
}
