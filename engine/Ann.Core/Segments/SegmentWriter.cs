using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core.Files;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>
/// Writes sections and their header as one <c>.ann</c> file. Hashes first, then streams: the output need not be seekable.
/// </summary>
internal sealed class SegmentWriter
{
    private const int PieceInBytes = 4 << 20;

    private readonly List<(SectionKind Kind, long Length, Piece Read)> _sections = [];

    /// <summary>Bytes of a section from an offset on: any number of them, at least one.</summary>
    public delegate ReadOnlySpan<byte> Piece(long offset);

    /// <summary>Adds a section.</summary>
    public void Add(SectionKind kind, long length, Piece read) => _sections.Add((kind, length, read));

    /// <summary>Adds a section from memory.</summary>
    public void Add(SectionKind kind, byte[] bytes) => Add(kind, bytes.Length, offset => bytes.AsSpan((int)offset));

    /// <summary>Adds a section from native memory.</summary>
    public void Add(SectionKind kind, Distances.NativeBlock block) => Add(kind, block.SizeInBytes, block.Slice);

    /// <summary>Adds the keys.</summary>
    public void Add(KeyColumn keys)
    {
        if (keys.Kind == KeyKind.UInt64)
        {
            Add(SectionKind.Keys, keys.Count * 8L, offset => Slice(MemoryMarshal.AsBytes(keys.Numbers), offset));
            return;
        }
        long ends = keys.Count * 8L;
        Add(SectionKind.Keys, ends + keys.Text.Length, offset => offset < ends
            ? Slice(MemoryMarshal.AsBytes(keys.Ends), offset)
            : keys.Text[(int)(offset - ends)..]);
    }

    /// <summary>Writes the file; it appears whole or not at all.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="header">Makes the header from the table of sections and the length of the file.</param>
    /// <param name="progress">Told bytes written and bytes in all.</param>
    /// <param name="cancellation">Ends it early and leaves nothing.</param>
    public void Write(
        IFileSystem files, string path, Func<IReadOnlyList<Section>, long, SegmentHeader> header,
        Action<long, long>? progress, CancellationToken cancellation)
    {
        List<Section> table = [];
        long offset = SegmentHeader.Size;
        foreach ((SectionKind kind, long length, Piece read) in _sections)
        {
            cancellation.ThrowIfCancellationRequested();
            table.Add(new Section(kind, offset, length, Hash(length, read)));
            offset = Align(offset + length);
        }

        using AtomicFile file = new(files, path);
        file.Stream.Write(header(table, offset).ToBytes());
        long written = SegmentHeader.Size;
        byte[] padding = new byte[SegmentHeader.Alignment];
        foreach ((_, long length, Piece read) in _sections)
        {
            for (long done = 0; done < length;)
            {
                cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> piece = Limit(read(done), length - done);
                file.Stream.Write(piece);
                done += piece.Length;
                progress?.Invoke(written + done, offset);
            }
            long end = Align(written + length);
            file.Stream.Write(padding, 0, (int)(end - written - length));
            written = end;
        }
        file.Commit();
    }

    private static ulong Hash(long length, Piece read)
    {
        XxHash3 hash = new();
        for (long done = 0; done < length;)
        {
            ReadOnlySpan<byte> piece = Limit(read(done), length - done);
            hash.Append(piece);
            done += piece.Length;
        }
        return hash.GetCurrentHashAsUInt64();
    }

    private static ReadOnlySpan<byte> Limit(ReadOnlySpan<byte> piece, long left) =>
        piece[..(int)Math.Min(Math.Min(piece.Length, left), PieceInBytes)];

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> bytes, long offset) => bytes[(int)offset..];

    private static long Align(long offset) => (offset + SegmentHeader.Alignment - 1) / SegmentHeader.Alignment * SegmentHeader.Alignment;
}
