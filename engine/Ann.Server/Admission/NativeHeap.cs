using System.Runtime.InteropServices;

namespace Ann.Server.Admission;

/// <summary>The heap of the C library, which native memory comes from that is not mapped for itself.</summary>
internal static class NativeHeap
{
    private static bool _isMissing = !OperatingSystem.IsLinux();

    /// <summary>
    /// Gives pages that nothing lies in back to the system. glibc does so by itself only at the end of a heap, and each thread's heap keeps
    /// what a burst left (malloc_trim(3)). Where the C library is another, nothing is done.
    /// </summary>
    public static void Trim()
    {
        if (_isMissing)
            return;
        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            _isMissing = true; // musl
        }
        catch (DllNotFoundException)
        {
            _isMissing = true;
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int TrimHeap(nuint pad);
}
