using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ann.Core.Files;

/// <summary>What Unix knows of files, and the framework does not tell.</summary>
internal static class UnixFiles
{
    private const int Writable = 2;
    private const int CurrentDirectory = -100;
    private const uint TypeOnly = 1;

    /// <summary>Larger than what is filled on any system.</summary>
    private const int StatusBytes = 512;

    private const int ModeOffsetOfLinux = 28;
    private const int ModeOffsetOfMac = 4;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;
    private const int SocketType = 0xC000;

    /// <summary>False when nothing can be created in a directory: permissions, or a file system that is mounted read-only.</summary>
    public static bool IsWritable(string directory) => OperatingSystem.IsWindows() || access(directory, Writable) == 0;

    /// <summary>
    /// False for what looks like a file and is none (a pipe, a socket, a device), and where there is nothing. Links are followed. Null when
    /// the system does not tell.
    /// </summary>
    public static bool? IsRegular(string path) => IsOfType(path, RegularType);

    /// <summary>True for a Unix domain socket, likewise.</summary>
    public static bool? IsSocket(string path) => IsOfType(path, SocketType);

    private static bool? IsOfType(string path, int type)
    {
        byte[] status = new byte[StatusBytes];
        try
        {
            if (OperatingSystem.IsLinux())
                return statx(CurrentDirectory, path, 0, TypeOnly, status) == 0 && TypeOf(status, ModeOffsetOfLinux) == type;
            if (OperatingSystem.IsMacOS())
                return StatusOfMac(path, status) == 0 && TypeOf(status, ModeOffsetOfMac) == type;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library of before there was statx.
        }
        return null;
    }

    private static int TypeOf(byte[] status, int modeOffset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(modeOffset)) & TypeMask;

    private static int StatusOfMac(string path, byte[] status) =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? stat(path, status) : stat64(path, status);

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(
        int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] status);

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);

    [DllImport("libc", EntryPoint = "stat$INODE64", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int stat64([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);
}
