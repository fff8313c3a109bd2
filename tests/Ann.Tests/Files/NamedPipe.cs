using System.Runtime.InteropServices;

namespace Ann.Tests.Files;

/// <summary>Pipes that look like files: whoever opens one to read waits for a writer.</summary>
internal static class NamedPipe
{
    /// <summary>Makes one, in the place of what is there. False where the system has none.</summary>
    public static bool TryMake(string path)
    {
        if (OperatingSystem.IsWindows())
            return false;
        File.Delete(path);
        return mkfifo(path, 0x1B4) == 0;
    }

    [DllImport("libc", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkfifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);
}
