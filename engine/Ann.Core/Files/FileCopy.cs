using System.IO.Hashing;

namespace Ann.Core.Files;

/// <summary>Copies files, whole or from the beginning to a length; what is copied appears whole or not at all.</summary>
internal static class FileCopy
{
    private const int PieceInBytes = 1 << 20;

    /// <summary>Copies a file up to a length; <see cref="long.MaxValue"/> for all of it.</summary>
    /// <returns>XxHash3 of the bytes copied.</returns>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: no regular file.</exception>
    public static ulong Run(IFileSystem files, string from, string to, long length, CancellationToken cancellation)
    {
        using Stream source = RegularFile.OpenRead(files, from);
        using AtomicFile target = new(files, to);
        byte[] piece = new byte[PieceInBytes];
        XxHash3 hash = new();
        while (length > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            int read = source.Read(piece, 0, (int)Math.Min(piece.Length, length));
            if (read == 0)
                break;
            hash.Append(piece.AsSpan(0, read));
            target.Stream.Write(piece, 0, read);
            length -= read;
        }
        target.Commit();
        return hash.GetCurrentHashAsUInt64();
    }
}
