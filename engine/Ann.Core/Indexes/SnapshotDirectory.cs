using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>A copy of a live index, as <see cref="LiveIndex.SnapshotAsync"/> makes it.</summary>
public static class SnapshotDirectory
{
    /// <summary>The file that lists all others of the copy, with their lengths and hashes.</summary>
    public const string ListName = "SNAPSHOT";

    /// <summary>Makes a live index of a copy: every file is copied and its hash verified; the manifest comes last.</summary>
    /// <param name="files">Where both are.</param>
    /// <param name="from">The copy.</param>
    /// <param name="to">The live index's directory: must not exist or be empty.</param>
    /// <exception cref="AnnException">
    /// Corrupt: names the file. NotFound: no copy there, or a file of it is missing. AlreadyExists: the target holds something.
    /// </exception>
    public static void Restore(IFileSystem files, string from, string to) => throw new NotImplementedException();
}
