using System.IO.MemoryMappedFiles;

namespace Ann.Core.Files;

/// <summary>A file seen as read-only memory. The owner must outlive every pointer taken from it.</summary>
public sealed unsafe class FileMapping : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;

    /// <summary>Takes ownership of both; <paramref name="view"/> covers the file from its first byte.</summary>
    internal FileMapping(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        _file = file;
        _view = view;
        Length = length;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
    }

    /// <summary>The mapping of an empty file.</summary>
    internal FileMapping()
    {
    }

    /// <summary>Length of the file when it was mapped, in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte. Null for an empty file. Page-aligned.</summary>
    public byte* Start => _start;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is null)
            return;
        _start = null;
        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }
}
