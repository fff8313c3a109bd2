using Ann.Core;
using Ann.Core.Files;

namespace Ann.Encoding;

/// <summary>Reading whole files of an encoder.</summary>
internal static class EncoderFiles
{
    /// <summary>Largest file: the limit of protobuf, and so of a model without external weights.</summary>
    private const long MaxLength = int.MaxValue;

    /// <summary>Bytes of a file.</summary>
    /// <exception cref="AnnException">No such file, or no regular one.</exception>
    public static long Length(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        return stream.CanSeek ? stream.Length : throw AnnException.BadInput(path, "", "expected a regular file.");
    }

    /// <exception cref="AnnException">No such file, or too large.</exception>
    public static byte[] ReadAll(IFileSystem files, string path) => ReadAll(files, path, 0, out _);

    /// <summary>A file with unused bytes behind it.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="room">Bytes behind it; fewer where an array holds no more.</param>
    /// <param name="length">The file's length.</param>
    /// <exception cref="AnnException">No such file, or too large.</exception>
    public static byte[] ReadAll(IFileSystem files, string path, int room, out int length)
    {
        using Stream stream = files.OpenRead(path);
        if (!stream.CanSeek)
            throw AnnException.BadInput(path, "", "expected a regular file.");
        if (stream.Length > MaxLength)
            throw AnnException.BadInput(path, "", $"expected at most {MaxLength} bytes; found {stream.Length}.");
        length = (int)stream.Length;
        byte[] content = new byte[Math.Min(length + (long)room, Math.Max(length, Array.MaxLength))];
        stream.ReadExactly(content, 0, length);
        return content;
    }
}
