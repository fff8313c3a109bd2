using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Core.Distances;

/// <summary>
/// A zeroed piece of native memory that never moves and of which only the pages that were touched cost memory: room for what may come.
/// Its first 2 MiB are small pages, so that little content costs little; the rest asks Linux for huge ones. 64-byte aligned.
/// </summary>
/// <remarks>The collector is told nothing of it: its owner frees it, and counts what it holds.</remarks>
internal sealed unsafe class LazyBlock : IDisposable
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePage = 14;
    private const int ReadAndWrite = 3;
    private const int PrivateAndAnonymous = 0x22; // as Linux numbers them

    private readonly nuint _mapped;
    private byte* _allocated;

    /// <param name="sizeInBytes">0 or more.</param>
    /// <exception cref="OutOfMemoryException">The machine has no such room.</exception>
    public LazyBlock(long sizeInBytes)
    {
        Debug.Assert(sizeInBytes >= 0);
        SizeInBytes = sizeInBytes;
        nuint size = (nuint)Math.Max(sizeInBytes, 1);
        bool large = size > HugePage && OperatingSystem.IsLinux();
        nuint alignment = large ? HugePage : CacheLine;
        nuint room = size + alignment;
        if (large)
        {
            // Not calloc: the C library may hand out memory that was used before, and would have to clear, and touch, all of it.
            void* mapped = Map(null, room, ReadAndWrite, PrivateAndAnonymous, -1, 0);
            if (mapped == (void*)-1)
                throw new InsufficientMemoryException($"The system has no room for {sizeInBytes:N0} bytes.");
            _allocated = (byte*)mapped;
            _mapped = room;
        }
        else
        {
            _allocated = (byte*)NativeMemory.AllocZeroed(room);
        }
        Start = (byte*)(((nuint)_allocated + alignment - 1) & ~(alignment - 1));
        nuint huge = size & ~(HugePage - 1);
        if (large && huge > HugePage)
            _ = NativeBlock.Madvise(Start + HugePage, huge - HugePage, AdviseHugePage);
    }

    /// <summary>Frees what its owner forgot.</summary>
    ~LazyBlock() => Free();

    /// <summary>Usable bytes.</summary>
    public long SizeInBytes { get; }

    /// <summary>First byte; valid until <see cref="Dispose"/>.</summary>
    public byte* Start { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_allocated is null)
            return;
        if (_mapped > 0)
            _ = Unmap(_allocated, _mapped);
        else
            NativeMemory.Free(_allocated);
        _allocated = null;
        Start = null;
    }

    [DllImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmap(void* start, nuint length);
}
