using System.IO.MemoryMappedFiles;
using Ann.Core.Distances;

namespace Ann.Core.Files;

/// <summary>A file seen as read-only memory. The owner must outlive every pointer taken from it.</summary>
public sealed unsafe class FileMapping : IDisposable
{
    private readonly Action _release;
    private readonly bool _isFile;
    private byte* _start;

    /// <summary>Takes ownership of both; <paramref name="view"/> covers the file from its first byte.</summary>
    internal FileMapping(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
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

    /// <summary>Length of the file when it was mapped, in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte; null once disposed. 64-byte aligned.</summary>
    public byte* Start => _start;

    /// <summary>
    /// Lets the system take back the memory of pages that were read; they are read again when they are needed. Does nothing for a copy in
    /// memory, and nothing where the system has no such call.
    /// </summary>
    public void ReleasePages()
    {
        if (_isFile && OperatingSystem.IsLinux())
            _ = NativeBlock.Madvise(_start, (nuint)Length, NativeBlock.AdviseDontNeed);
    }

    /// <summary>
    /// Says that a part will be read here and there: the system then reads the pages asked for and not those around them, which in a file
    /// larger than memory would push out others. Does nothing where <see cref="ReleasePages"/> does nothing.
    /// </summary>
    public void ExpectRandomReads(byte* start, long length)
    {
        const nuint Page = 4096;
        if (_isFile && OperatingSystem.IsLinux())
        {
            byte* first = (byte*)((nuint)start & ~(Page - 1));
            _ = NativeBlock.Madvise(first, (nuint)(start + length - first), NativeBlock.AdviseRandom);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is null)
            return;
        _start = null;
        _release();
    }
}
