namespace Ann.Core.Files;

/// <summary>Files that are small enough to be read at once.</summary>
internal static class WholeFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="section">What it is, for errors.</param>
    /// <param name="maxBytes">A longer one is refused before memory is made for it.</param>
    /// <exception cref="AnnException">
    /// NotFound. InvalidArgument: no regular file. Corrupt: it is longer. Unavailable: the device failed.
    /// </exception>
    public static byte[] Read(IFileSystem files, string path, string section, long maxBytes)
    {
        using Stream stream = RegularFile.OpenRead(files, path);
        try
        {
            if (stream.Length > maxBytes)
                throw AnnException.Corrupt(path, section, maxBytes, $"the file has {stream.Length} bytes; at most {maxBytes} were "
                    + $"expected.");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (IOException e)
        {
            throw new AnnException(AnnError.Unavailable, $"{path}: cannot be read: {e.Message}", e);
        }
    }
}
