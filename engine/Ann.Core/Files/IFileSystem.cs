namespace Ann.Core.Files;

/// <summary>Every access to a disk goes through here, so that tests can make it fail.</summary>
internal interface IFileSystem
{
    /// <summary>True when <paramref name="path"/> is an existing file of any kind.</summary>
    bool FileExists(string path);

    /// <summary>
    /// True when <paramref name="path"/> is an existing regular file, or a link to one: no pipe, no socket, no device.
    /// </summary>
    bool IsRegularFile(string path);

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

    /// <summary>
    /// Opens a file for writing at any place, and leaves what it holds; creates it when there is none.
    /// </summary>
    Stream OpenWrite(string path);

    /// <summary>Writes the content of a stream made by <see cref="Create"/> or <see cref="OpenWrite"/> through to the device.</summary>
    void Flush(Stream stream);

    /// <summary>Renames a file, replacing the target in one step.</summary>
    void Replace(string source, string target);

    /// <summary>Renames a directory with what is in it, in one step. There is nothing of the new name.</summary>
    void RenameDirectory(string source, string target);

    /// <summary>Deletes a file; does nothing when there is none.</summary>
    void Delete(string path);

    /// <summary>True for what lies below <c>/dev</c> (<c>/dev/stdout</c>, <c>/dev/full</c>): written to directly, never replaced.</summary>
    bool IsDevice(string path);

    /// <summary>Maps a whole file read-only. The mapping lives until it is disposed.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: no such file, or it may not be read. <see cref="AnnError.InvalidArgument"/>: no regular file.
    /// </exception>
    FileMapping Map(string path);

    /// <summary>Subdirectories of a directory, in ordinal order of their names: full paths.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Opens a file for appending; creates it when there is none.</summary>
    IAppendFile OpenAppend(string path);

    /// <summary>Makes what was created, renamed and deleted in a directory survive a power cut.</summary>
    void FlushDirectory(string path);

    /// <summary>Deletes an empty directory; does nothing when there is none.</summary>
    void DeleteDirectory(string path);

    /// <summary>Takes a file as a lock that no other process can take, until it is disposed or the process ends.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.FailedPrecondition"/>: another process has it, or it cannot be made; names the file.
    /// </exception>
    IDisposable Lock(string path);

    /// <summary>
    /// Keeps others from taking a file with <see cref="Lock"/>, until it is disposed or the process ends. Writes nothing: where there is no
    /// such file, nothing is held.
    /// </summary>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: another process has it; names the file.</exception>
    IDisposable LockToRead(string path);

    /// <summary>False when nothing can be created or renamed in a directory: it is read-only for this process.</summary>
    bool IsWritable(string directory);
}

/// <summary>A file that grows at its end. One writer.</summary>
internal interface IAppendFile : IDisposable
{
    /// <summary>Bytes of the file.</summary>
    long Length { get; }

    /// <summary>Writes at the end.</summary>
    /// <exception cref="IOException">Some of the bytes may have been written: <see cref="Truncate"/> takes them back.</exception>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Makes what was appended survive a power cut.</summary>
    /// <exception cref="IOException">What was appended since the last flush may be lost, whatever later flushes say.</exception>
    void Flush();

    /// <summary>Cuts the file to a length that is not larger than <see cref="Length"/>.</summary>
    void Truncate(long length);
}
