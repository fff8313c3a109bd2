namespace Ann.Core.Files;

/// <summary>Every access to a disk goes through here, so that tests can make it fail.</summary>
public interface IFileSystem
{
    /// <summary>True when <paramref name="path"/> is an existing file of any kind.</summary>
    bool FileExists(string path);

    /// <summary>True when <paramref name="path"/> is an existing directory.</summary>
    bool DirectoryExists(string path);

    /// <summary>Files of a directory that match a pattern such as <c>*.ann</c>, in ordinal order of their names.</summary>
    IReadOnlyList<string> ListFiles(string directory, string pattern);

    /// <summary>Creates a directory and its parents; does nothing when it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Opens a file for sequential reading. The stream knows its length when the file is a regular one.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.NotFound"/>: no such file, or it may not be read.</exception>
    Stream OpenRead(string path);

    /// <summary>Creates or empties a file for writing; seekable when it is a regular one.</summary>
    Stream Create(string path);

    /// <summary>Writes the content of a stream made by <see cref="Create"/> through to the device.</summary>
    void Flush(Stream stream);

    /// <summary>Renames a file, replacing the target in one step.</summary>
    void Replace(string source, string target);

    /// <summary>Deletes a file; does nothing when there is none.</summary>
    void Delete(string path);

    /// <summary>True for what lies below <c>/dev</c> (<c>/dev/stdout</c>, <c>/dev/full</c>): written to directly, never replaced.</summary>
    bool IsDevice(string path);

    /// <summary>Maps a whole file read-only. The mapping lives until it is disposed.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.NotFound"/>: no such file, or it may not be read.</exception>
    FileMapping Map(string path);
}
