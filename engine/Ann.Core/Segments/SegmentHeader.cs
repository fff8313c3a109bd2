using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>What a section of an <c>.ann</c> file holds. Values never change.</summary>
internal enum SectionKind : uint
{
    BuildRecord = 1,
    Certificate = 2,
    Keys = 3,
    Rows = 4,
    Codes = 5,
    CodeFactors = 6,
    CodeMean = 7,
    Level0Links = 8,
    Levels = 9,
    UpperSlots = 10,
    UpperLinks = 11,
    Level0Blocks = 12,
    CodeScale = 13,
    UpperBlocks = 14,
    Attributes = 15,
    Copies = 16,
    PackedLinks = 17,
    Payloads = 18,
}

/// <summary>One entry of the table of sections.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Offset">First byte, a multiple of <see cref="SegmentHeader.Alignment"/>.</param>
/// <param name="Length">Bytes, without the padding behind.</param>
/// <param name="Hash">XxHash3 of the bytes.</param>
internal readonly record struct Section(SectionKind Kind, long Offset, long Length, ulong Hash);

/// <summary>The first 4 KiB of an <c>.ann</c> file. <c>engine/docs/file-format.md</c> documents every byte.</summary>
internal sealed class SegmentHeader
{
    public const int Size = 4096;
    public const int Alignment = 4096;
    public const uint Version = 1;

    /// <summary>A section of a kind at or above this may be ignored by a reader that does not know it.</summary>
    public const uint FirstOptionalKind = 0x8000_0000;

    private const uint EndianMark = 0x0A0B0C0D;
    private const int HashOffset = 16;
    private const int TableOffset = 64;
    private const int EntrySize = 32;
    private const int MaxSections = (Size - TableOffset) / EntrySize;

    public required Metric Metric { get; init; }

    public required CodesKind Codes { get; init; }

    public required KeyKind Keys { get; init; }

    public SegmentLayout Layout { get; init; }

    /// <summary>Sign bits a neighbour in the fast layout; 0 in the others.</summary>
    public int EstimateBits { get; init; }

    /// <summary>Bits of a link of level 0 in the compact layout; 0 in the others.</summary>
    public int LinkBits => Layout == SegmentLayout.Compact ? Hnsw.LinkPacking.BitsOf(Count) : 0;

    /// <summary>Shape of the blocks of level 0; null in the other layouts.</summary>
    public Hnsw.BlockShape? Blocks => Layout == SegmentLayout.Fast ? new(2 * M, EstimateBits) : null;

    /// <summary>Shape of the blocks of the levels above; null in the other layouts.</summary>
    public Hnsw.BlockShape? UpperBlocks => Layout == SegmentLayout.Fast ? new(M, EstimateBits) : null;

    public required int Count { get; init; }

    public required int Dimension { get; init; }

    public required int M { get; init; }

    public required int EntryPoint { get; init; }

    public required int MaxLevel { get; init; }

    public required long FileLength { get; init; }

    public required IReadOnlyList<Section> Sections { get; init; }

    /// <summary>XxHash3 of the header: it covers the hash of every section, so it names the content of the file.</summary>
    public ulong Hash { get; private set; }

    private static ReadOnlySpan<byte> Magic => "ANNSEG\r\n"u8;

    /// <summary>The header as bytes.</summary>
    public byte[] ToBytes()
    {
        Debug.Assert(Sections.Count <= MaxSections);
        byte[] bytes = new byte[Size];
        Span<byte> span = bytes;
        Magic.CopyTo(span);
        BinaryPrimitives.WriteUInt32LittleEndian(span[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(span[12..], EndianMark);
        BinaryPrimitives.WriteInt64LittleEndian(span[24..], FileLength);
        BinaryPrimitives.WriteInt32LittleEndian(span[32..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[36..], Dimension);
        span[40] = (byte)Metric;
        span[41] = (byte)Codes;
        span[42] = (byte)Keys;
        span[43] = (byte)Layout;
        BinaryPrimitives.WriteInt32LittleEndian(span[44..], M);
        BinaryPrimitives.WriteInt32LittleEndian(span[48..], EntryPoint);
        BinaryPrimitives.WriteInt32LittleEndian(span[52..], MaxLevel);
        BinaryPrimitives.WriteInt32LittleEndian(span[56..], Sections.Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[60..], EstimateBits);
        for (int i = 0; i < Sections.Count; i++)
        {
            Span<byte> entry = span[(TableOffset + i * EntrySize)..];
            BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)Sections[i].Kind);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], Sections[i].Offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], Sections[i].Length);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], Sections[i].Hash);
        }
        Hash = XxHash3.HashToUInt64(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(span[HashOffset..], Hash);
        return bytes;
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">For errors.</param>
    /// <param name="bytes">The beginning of the file; may be shorter than a header.</param>
    /// <param name="fileLength">Length of the file that was found.</param>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: not such a file, or of another version.</exception>
    public static SegmentHeader Read(string path, ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < Magic.Length || !bytes[..Magic.Length].SequenceEqual(Magic))
            throw AnnException.BadInput(path, "byte 0", "not an .ann file: its first 8 bytes are not \"ANNSEG\\r\\n\".");
        if (bytes.Length < Size)
            throw Bad(path, bytes.Length, $"a header takes {Size} bytes; the file has {bytes.Length}.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
            throw AnnException.BadInput(path, "byte 8", $"format version {version}; this build reads version {Version}.");

        byte[] hashed = bytes[..Size].ToArray();
        hashed.AsSpan(HashOffset, 8).Clear();
        ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOffset..]);
        ulong actual = XxHash3.HashToUInt64(hashed);
        if (expected != actual)
            throw Bad(path, HashOffset, $"hash {actual:x16}; the header says {expected:x16}.");

        // A hostile sender can hash what it likes: everything is checked as if the hash said nothing.
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != EndianMark)
            throw Bad(path, 12, "byte-order mark is not that of a little-endian file.");
        int sections = BinaryPrimitives.ReadInt32LittleEndian(bytes[56..]);
        if (sections is < 0 or > MaxSections)
            throw Bad(path, 56, $"{sections} sections; 0 to {MaxSections} were expected.");
        SegmentHeader header = new()
        {
            FileLength = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            Dimension = BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]),
            Metric = (Metric)bytes[40],
            Codes = (CodesKind)bytes[41],
            Keys = (KeyKind)bytes[42],
            Layout = (SegmentLayout)bytes[43],
            M = BinaryPrimitives.ReadInt32LittleEndian(bytes[44..]),
            EntryPoint = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]),
            MaxLevel = BinaryPrimitives.ReadInt32LittleEndian(bytes[52..]),
            EstimateBits = BinaryPrimitives.ReadInt32LittleEndian(bytes[60..]),
            Sections = ReadTable(bytes, sections),
            Hash = actual,
        };
        header.Validate(path, fileLength);
        return header;
    }

    private static Section[] ReadTable(ReadOnlySpan<byte> bytes, int count)
    {
        Section[] sections = new Section[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = bytes[(TableOffset + i * EntrySize)..];
            sections[i] = new Section(
                (SectionKind)BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]));
        }
        return sections;
    }

    private void Validate(string path, long fileLength)
    {
        int maxBits = Math.Min(FastScan.MaxBits, Rotation.SizeOf(Math.Max(Dimension, 1)));
        if (FileLength != fileLength)
            throw Bad(path, 24, $"the header says {FileLength} bytes; the file has {fileLength}.");
        if (Count is < 1 or > SegmentBuilder.MaxRows)
            throw Bad(path, 32, $"count is {Count}; 1 to {SegmentBuilder.MaxRows} was expected.");
        if (Dimension is < 1 or > SegmentBuilder.MaxDimension)
            throw Bad(path, 36, $"dimension is {Dimension}; 1 to {SegmentBuilder.MaxDimension} was expected.");
        if (!Enum.IsDefined(Metric))
            throw Bad(path, 40, $"metric {(byte)Metric} is unknown.");
        if (!Enum.IsDefined(Codes))
            throw Bad(path, 41, $"codes {(byte)Codes} are unknown.");
        if (!Enum.IsDefined(Keys))
            throw Bad(path, 42, $"key kind {(byte)Keys} is unknown.");
        if (!Enum.IsDefined(Layout))
            throw Bad(path, 43, $"layout {(byte)Layout} is unknown.");
        if ((Layout == SegmentLayout.Compact) != Codes.AreInt4())
            throw Bad(path, 43, $"layout {Layout} does not go with codes {Codes}.");
        if (M is < Hnsw.HnswParameters.MinM or > Hnsw.HnswParameters.MaxM)
            throw Bad(path, 44, $"M is {M}; {Hnsw.HnswParameters.MinM} to {Hnsw.HnswParameters.MaxM} was expected.");
        if (Layout == SegmentLayout.Fast
            ? !Codes.AreCodes() || EstimateBits < FastScan.BitsStep || EstimateBits > maxBits
                || EstimateBits % FastScan.BitsStep != 0
            : EstimateBits != 0)
            throw Bad(path, 60, $"{EstimateBits} bits an estimate do not go with layout {Layout} and codes {Codes}.");
        if (EntryPoint < 0 || EntryPoint >= Count)
            throw Bad(path, 48, $"entry point {EntryPoint} is not one of {Count} nodes.");
        if (MaxLevel is < 0 or > Hnsw.HnswParameters.MaxLevel)
            throw Bad(path, 52, $"highest level is {MaxLevel}; 0 to {Hnsw.HnswParameters.MaxLevel} was expected.");

        HashSet<SectionKind> seen = [];
        for (int i = 0; i < Sections.Count; i++)
        {
            Section section = Sections[i];
            int place = TableOffset + i * EntrySize;
            if (!Enum.IsDefined(section.Kind) && (uint)section.Kind < FirstOptionalKind)
                throw Bad(path, place, $"section kind {(uint)section.Kind} is unknown and not optional.");
            if (!seen.Add(section.Kind))
                throw Bad(path, place, $"section {section.Kind} appears twice.");
            if (section.Offset < Size || section.Offset % Alignment != 0 || section.Length < 0
                || section.Offset > FileLength || section.Length > FileLength - section.Offset)
                throw Bad(path, place, $"section {section.Kind} at {section.Offset} of {section.Length} bytes does not fit the file.");
        }
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, "header", offset, what);
}
