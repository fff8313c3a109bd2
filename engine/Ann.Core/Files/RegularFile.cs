namespace Ann.Core.Files;

/// <summary>
/// Opens files that must be regular ones. A pipe keeps whoever opens it waiting for a writer that may never come, and a device has no end.
/// </summary>
internal static class RegularFile
{
    /// <summary>Opens a file for sequential reading.</summary>
    /// <exception cref="AnnException">
    /// NotFound: no such file, or it may not be read. InvalidArgument: a pipe, a socket or a device.
    /// </exception>
    public static Stream OpenRead(IFileSystem files, string path)
    {
        Require(files, path);
        return files.OpenRead(path);
    }

    /// <summary>Refuses what is there and is no regular file.</summary>
    /// <exception cref="AnnException">InvalidArgument: a pipe, a socket, a device, or a link that leads nowhere.</exception>
    public static void Require(IFileSystem files, string path)
    {
        if (files.FileExists(path) && !files.IsRegularFile(path))
            throw AnnException.BadInput(path, "", "it is no regular file: a pipe, a socket, a device, or a link to nothing.");
    }
}
