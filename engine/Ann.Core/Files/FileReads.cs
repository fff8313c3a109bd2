using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ann.Core.Files;

/// <summary>
/// Reads pieces of a file by their place, without mapping them: what was read is the system's to keep or to drop, and no memory of the
/// process. Any number of threads at once; allocates nothing.
/// </summary>
internal sealed unsafe class FileReads
{
    private const int WithoutWaiting = 8;
    private const int AdviseRandom = 1;
    private const int AdviseWillNeed = 3;

    private readonly SafeFileHandle _file;
    private readonly int _descriptor;
    private readonly string _path;
    private readonly bool _tellsWhatIsThere;

    /// <param name="file">Open while this object is used. Owned by the caller.</param>
    /// <param name="path">For errors.</param>
    public FileReads(SafeFileHandle file, string path)
    {
        _file = file;
        _path = path;
        if (!OperatingSystem.IsLinux())
            return;
        _descriptor = (int)file.DangerousGetHandle();
        byte first;
        try
        {
            Read(0, new Span<byte>(&first, 1));
            _tellsWhatIsThere = ReadNow(0, &first, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library of before there was preadv2.
        }
    }

    /// <summary>
    /// Says that reads will jump about: the system then reads what is asked for and nothing around it. Does nothing where the system has
    /// no such call.
    /// </summary>
    public void ExpectRandom()
    {
        if (OperatingSystem.IsLinux())
            _ = posix_fadvise(_descriptor, 0, 0, AdviseRandom);
    }

    /// <summary>Reads a piece if all of it is in the system's memory; false where it is not, or the system does not tell.</summary>
    /// <param name="offset">In the file, bytes.</param>
    /// <param name="target">Room for <paramref name="length"/> bytes. It may be written to even so.</param>
    /// <param name="length">Bytes.</param>
    public bool TryReadNow(long offset, byte* target, int length) => _tellsWhatIsThere && ReadNow(offset, target, length);

    /// <summary>Reads a piece, and waits for the device where it must.</summary>
    /// <param name="offset">In the file, bytes.</param>
    /// <param name="target">As many bytes as are read.</param>
    /// <exception cref="AnnException">Corrupt: the file ends before.</exception>
    /// <exception cref="IOException">The device failed.</exception>
    public void Read(long offset, Span<byte> target)
    {
        while (target.Length > 0)
        {
            int count = RandomAccess.Read(_file, target, offset);
            if (count == 0)
                throw AnnException.Corrupt(_path, "file", offset, "the file ends here; it was longer when it was opened.");
            offset += count;
            target = target[count..];
        }
    }

    /// <summary>
    /// Asks for a piece that will be read soon, without waiting for it: a device serves many such requests at once. Does nothing where the
    /// system has no such call.
    /// </summary>
    public void Ask(long offset, long length)
    {
        if (OperatingSystem.IsLinux())
            _ = posix_fadvise(_descriptor, offset, length, AdviseWillNeed);
    }

    private bool ReadNow(long offset, byte* target, int length)
    {
        Piece piece = new() { Start = target, Length = (nuint)length };
        return preadv2(_descriptor, &piece, 1, offset, WithoutWaiting) == length;
    }

    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint preadv2(int file, Piece* pieces, int count, long offset, int flags);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int posix_fadvise(int file, long offset, long length, int advice);
}
