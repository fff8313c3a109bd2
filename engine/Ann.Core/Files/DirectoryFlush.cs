using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ann.Core.Files;

/// <summary>fsync of a directory, which the framework does not offer.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    public static SafeFileHandle Open(string path)
    {
        int descriptor = open(path, ReadOnly);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path}: the directory cannot be opened (error {Marshal.GetLastPInvokeError()}).");
    }

    public static void Run(SafeFileHandle directory, string path)
    {
        // EINVAL: this file system has no flush of directories, and nothing more can be done.
        if (fsync(directory) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            throw new IOException($"{path}: the directory cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
    }

    [DllImport("libc", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle file);
}
