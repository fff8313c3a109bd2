using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>The directory of a live index, as a whole.</summary>
public static class IndexDirectory
{
    /// <summary>
    /// Deletes a live index that nobody has open; does nothing when there is none. The manifest goes first: what is left of a deletion that
    /// is cut short is no index.
    /// </summary>
    public static void Delete(IFileSystem files, string directory)
    {
        if (!files.DirectoryExists(directory))
            return;
        string manifest = Path.Combine(directory, ManifestFile.FileName);
        if (files.FileExists(manifest))
        {
            files.Delete(manifest);
            files.FlushDirectory(directory);
        }
        DeleteTree(files, directory);
    }

    private static void DeleteTree(IFileSystem files, string directory)
    {
        foreach (string path in files.ListDirectories(directory))
            DeleteTree(files, path);
        foreach (string path in files.ListFiles(directory, "*"))
            files.Delete(path);
        files.DeleteDirectory(directory);
    }
}
