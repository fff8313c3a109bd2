using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Core.Distances;

/// <summary>
/// A zeroed piece of native memory, 64-byte aligned, that never moves. Large ones start on a 2 MiB boundary and ask Linux for huge pages.
/// </summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePage = 14;

    /// <summary>Advice to <see cref="Madvise"/>: the pages may be dropped from memory.</summary>
    internal const int AdviseDontNeed = 4;

    private byte* _start;

    /// <param name="sizeInBytes">0 or more.</param>
    /// <exception cref="OutOfMemoryException">The machine has no such memory.</exception>
    public NativeBlock(long sizeInBytes)
    {
        Debug.Assert(sizeInBytes >= 0);
        SizeInBytes = sizeInBytes;
        nuint size = (nuint)Math.Max(sizeInBytes, 1);
        bool large = size >= HugePage;
        _start = (byte*)NativeMemory.AlignedAlloc(size, large ? HugePage : CacheLine);
        GC.AddMemoryPressure(Math.Max(sizeInBytes, 1));

        // Advice must come before the first touch: clearing the memory is what makes the kernel choose its pages.
        if (large && OperatingSystem.IsLinux())
            _ = Madvise(_start, size & ~(HugePage - 1), AdviseHugePage);
        NativeMemory.Clear(_start, size);
    }

    /// <summary>Frees what its owner forgot.</summary>
    ~NativeBlock() => Free();

    /// <summary>Usable bytes.</summary>
    public long SizeInBytes { get; }

    /// <summary>First byte; valid until <see cref="Dispose"/>.</summary>
    public byte* Start => _start;

    /// <summary>The bytes from <paramref name="offset"/> on, at most 1 GiB of them: for hashing and writing in pieces.</summary>
    public ReadOnlySpan<byte> Slice(long offset)
    {
        Debug.Assert(offset >= 0 && offset <= SizeInBytes);
        return new ReadOnlySpan<byte>(_start + offset, (int)Math.Min(SizeInBytes - offset, 1 << 30));
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_start is null)
            return;
#if DEBUG
        NativeMemory.Fill(_start, (nuint)SizeInBytes, 0xDD);
#endif
        NativeMemory.AlignedFree(_start);
        _start = null;
        GC.RemoveMemoryPressure(Math.Max(SizeInBytes, 1));
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Madvise(void* start, nuint length, int advice);
}
