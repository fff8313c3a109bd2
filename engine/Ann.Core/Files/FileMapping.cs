using System.IO.MemoryMappedFiles;
using Ann.Core.Distances;

namespace Ann.Core.Files;

/// <summary>A file seen as read-only memory. The owner must outlive every pointer taken from it.</summary>
internal sealed unsafe class FileMapping : IDisposable
{
    private const int AdviseRandom = 1;

    private readonly Action _release;
    private readonly bool _isFile;
    private byte* _start;

    /// <summary>
    /// Takes ownership of both; <paramref name="view"/> covers the file from its first byte. <paramref name="reads"/> are of the same file,
    /// open as long as it is mapped.
    /// </summary>
    internal FileMapping(MemoryMappedFile file, MemoryMappedViewAccessor view, long length, FileReads reads)
    {
        Reads = reads;
        Length = length;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
        _isFile = true;
        _release = () =>
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        };
    }

    /// <summary>Takes ownership of a copy in memory: for file systems that are not the machine's.</summary>
    internal FileMapping(NativeBlock copy)
    {
        Length = copy.SizeInBytes;
        _start = copy.Start;
        _release = copy.Dispose;
    }

    /// <summary>Reads of the file by place; null for a copy in memory, which has no need of them. Not to be used once disposed.</summary>
    public FileReads? Reads { get; }

    /// <summary>Length of the file when it was mapped, in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte; null once disposed. 64-byte aligned.</summary>
    public byte* Start => _start;

    /// <summary>
    /// Lets the system take back the memory of pages that were read; they are read again when they are needed. Does nothing for a copy in
    /// memory, and nothing where the system has no such call.
    /// </summary>
    public void ReleasePages() => ReleasePages(0, Length);

    /// <summary>The same of a piece.</summary>
    /// <param name="offset">A multiple of the size of a page.</param>
    /// <param name="length">Bytes.</param>
    public void ReleasePages(long offset, long length)
    {
        if (_isFile && OperatingSystem.IsLinux())
            _ = NativeBlock.Madvise(_start + offset, (nuint)length, NativeBlock.AdviseDontNeed);
    }

    /// <summary>
    /// Says that reads will jump about: a page that is not in memory is then read by itself, without the 128 KiB around it that push out
    /// what other searches need. Does nothing for a copy in memory, and nothing where the system has no such call.
    /// </summary>
    public void ExpectRandomReads()
    {
        if (_isFile && OperatingSystem.IsLinux())
            _ = NativeBlock.Madvise(_start, (nuint)Length, AdviseRandom);
        Reads?.ExpectRandom();
    }

    public void Dispose()
    {
        if (_start is null)
            return;
        _start = null;
        _release();
    }
}
