using System.Runtime.InteropServices;

namespace Ann.Core.Files;

/// <summary>What Unix knows of files, and the framework does not tell.</summary>
internal static class UnixFiles
{
    private const int Writable = 2;

    /// <summary>False when nothing can be created in a directory: permissions, or a file system that is mounted read-only.</summary>
    public static bool IsWritable(string directory) => OperatingSystem.IsWindows() || access(directory, Writable) == 0;

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);
}
