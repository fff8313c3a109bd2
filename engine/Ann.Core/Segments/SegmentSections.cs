using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ann.Core.Distances;
using Ann.Core.Files;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Payloads;

namespace Ann.Core.Segments;

/// <summary>The checked sections of a mapped <c>.ann</c> file. Nothing behind this class checks again, so it must miss nothing.</summary>
internal sealed unsafe class SegmentSections
{
    /// <summary>Bytes of rows that are hashed and then looked at: they stay in a core's second cache.</summary>
    private const int RowPieceBytes = 1 << 18;

    private readonly string _path;
    private readonly FileMapping _mapping;
    private readonly Dictionary<SectionKind, Section> _sections;

    /// <summary>Reads the header, checks its table, every section's hash, and the rows.</summary>
    public SegmentSections(string path, FileMapping mapping)
    {
        _path = path;
        _mapping = mapping;
        ReadOnlySpan<byte> head = new(mapping.Start, (int)Math.Min(mapping.Length, SegmentHeader.Size));
        Header = SegmentHeader.Read(path, head, mapping.Length);
        _sections = Header.Sections.ToDictionary(section => section.Kind);
        foreach (Section section in Header.Sections)
        {
            if (section.Kind == SectionKind.Rows)
                CheckRows(section);
            else
                CheckHash(section);
        }
    }

    /// <summary>What is wrong with the first row that is longer than vectors may be today; null when none is.</summary>
    public string? LongRow { get; private set; }

    public SegmentHeader Header { get; }

    /// <summary>First byte of a section that must have a length.</summary>
    public byte* Require(SectionKind kind, long length)
    {
        Section section = Find(kind);
        if (section.Length != length)
            throw Bad(kind, section.Offset, $"{section.Length} bytes; {length} were expected.");
        return _mapping.Start + section.Offset;
    }

    /// <summary>
    /// The same, copied to memory of its own on huge pages: a walk that jumps about in a mapped file pays for the translation of every
    /// address. The copy lives until the caller disposes <paramref name="copies"/>; null leaves the section mapped.
    /// </summary>
    public byte* Require(SectionKind kind, long length, List<NativeBlock>? copies)
    {
        byte* mapped = Require(kind, length);
        if (copies is null)
            return mapped;
        NativeBlock copy = new(length);
        copies.Add(copy);
        Buffer.MemoryCopy(mapped, copy.Start, length, length);
        return copy.Start;
    }

    /// <summary>The rows of a compact segment by place; null where they are read in place.</summary>
    public RowReads? RowReads()
    {
        int rowBytes = VectorTable.StrideOf(Header.Dimension) * sizeof(float);
        return Header.Layout == SegmentLayout.Compact && _mapping.Reads is { } file
            ? new RowReads(file, _mapping, Find(SectionKind.Rows).Offset, rowBytes, Header.Count)
            : null;
    }

    /// <summary>The scale of all codes; 0 when the segment has no such section, and a scale a row instead.</summary>
    public float CodeScale()
    {
        if (!_sections.TryGetValue(SectionKind.CodeScale, out Section section))
            return 0;
        if (Header.Codes.AreInt4())
            throw Bad(SectionKind.CodeScale, section.Offset, "there is one scale for all rows; codes of 4 bits have one a row.");
        float scale = *(float*)Require(SectionKind.CodeScale, sizeof(float));
        return float.IsFinite(scale) && scale > 0
            ? scale
            : throw Bad(SectionKind.CodeScale, section.Offset, $"the scale is {scale}; a positive number was expected.");
    }

    /// <summary>The JSON of a section.</summary>
    public T Json<T>(SectionKind kind, JsonTypeInfo<T> type)
    {
        Section section = Find(kind);
        if (section.Length > SegmentJson.MaxBytes)
            throw Bad(kind, section.Offset, $"{section.Length} bytes of JSON; at most {SegmentJson.MaxBytes} were expected.");
        try
        {
            ReadOnlySpan<byte> json = new(_mapping.Start + section.Offset, (int)section.Length);
            return JsonSerializer.Deserialize(json, type) ?? throw Bad(kind, section.Offset, "the JSON is null.");
        }
        catch (JsonException e)
        {
            throw Bad(kind, section.Offset + (e.BytePositionInLine ?? 0), "not the JSON of its kind: " + e.Message);
        }
    }

    /// <summary>The certificate, after checking its numbers.</summary>
    public Certificate Certificate()
    {
        Certificate certificate = Json(SectionKind.Certificate, SegmentJson.Default.Certificate);
        return certificate.Fault() is string fault
            ? throw Bad(SectionKind.Certificate, Find(SectionKind.Certificate).Offset, fault)
            : certificate;
    }

    /// <summary>Numbers of a section that must have a length, after checking that each is one.</summary>
    /// <param name="kind">The section.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="copies">As in <see cref="Require(SectionKind, long, List{NativeBlock})"/>.</param>
    public float* Numbers(SectionKind kind, long length, List<NativeBlock>? copies = null)
    {
        float* numbers = (float*)Require(kind, length, copies);
        for (long i = 0; i < length / sizeof(float); i++)
            if (float.IsNaN(numbers[i]))
                throw Bad(kind, Find(kind).Offset + i * sizeof(float), "NaN; a number was expected.");
        return numbers;
    }

    /// <summary>The keys, after checking that every text lies inside the section, and that no two nodes have one key.</summary>
    /// <param name="areLookedUp">
    /// True when the caller makes a <see cref="KeyTable"/> of them next, which finds equal keys by itself.
    /// </param>
    public SegmentKeys Keys(bool areLookedUp)
    {
        SegmentKeys keys = Keys();
        if (areLookedUp || keys.AreAscending)
            return keys;
        try
        {
            new KeyTable(keys, Header.Count).Dispose();
            return keys;
        }
        catch (AnnException e)
        {
            throw EqualKeys(_path, e);
        }
    }

    /// <summary>The fault of a file in which two nodes have one key.</summary>
    public static AnnException EqualKeys(string path, AnnException e) =>
        AnnException.Corrupt(path, nameof(SectionKind.Keys), 0, e.Message);

    private SegmentKeys Keys()
    {
        int count = Header.Count;
        if (Header.Keys == KeyKind.UInt64)
            return new SegmentKeys((ulong*)Require(SectionKind.Keys, count * 8L), count);

        Section section = Find(SectionKind.Keys);
        long* ends = (long*)(_mapping.Start + section.Offset);
        long textLength = section.Length - count * 8L;
        if (textLength < 0)
            throw Bad(SectionKind.Keys, section.Offset, $"{section.Length} bytes; {count * 8L} were expected for the ends alone.");
        long start = 0;
        for (int node = 0; node < count; node++)
        {
            if (ends[node] <= start || ends[node] > textLength || ends[node] - start > KeyColumn.MaxKeyBytes)
                throw Bad(SectionKind.Keys, section.Offset + node * 8L, $"the key of node {node} ends at {ends[node]}, begun at {start}.");
            start = ends[node];
        }
        return start == textLength
            ? new SegmentKeys(ends, (byte*)(ends + count), count)
            : throw Bad(SectionKind.Keys, section.Offset, $"the keys take {start} bytes; the section has {textLength}.");
    }

    /// <summary>The attributes, after checking everything in their section; null when there is none.</summary>
    public SealedAttributes? Attributes() => _sections.TryGetValue(SectionKind.Attributes, out Section section)
        ? new AttributeSectionCheck(_path, section, _mapping.Start + section.Offset, Header.Count).Run()
        : null;

    /// <summary>The payloads, after checking the place and the length of each; null when there are none.</summary>
    public SealedPayloads? Payloads()
    {
        if (!_sections.TryGetValue(SectionKind.Payloads, out Section section))
            return null;
        int count = Header.Count;
        long* ends = (long*)(_mapping.Start + section.Offset);
        long bytes = section.Length - count * 8L;
        if (bytes < 0)
            throw Bad(SectionKind.Payloads, section.Offset, $"{section.Length} bytes; {count * 8L} were expected for the ends alone.");
        long start = 0;
        for (int node = 0; node < count; node++)
        {
            if (ends[node] < start || ends[node] > bytes || ends[node] - start > PayloadColumn.MaxBytes)
            {
                throw Bad(
                    SectionKind.Payloads, section.Offset + node * 8L,
                    $"the payload of node {node} ends at {ends[node]}, begun at {start}.");
            }
            start = ends[node];
        }
        return start == bytes
            ? new SealedPayloads(_mapping, ends, (byte*)(ends + count), count)
            : throw Bad(SectionKind.Payloads, section.Offset, $"the payloads take {start} bytes; the section has {bytes}.");
    }

    /// <summary>The graph, after checking that no link leads out of it or to a node that is not on the link's level.</summary>
    /// <param name="copies">As in <see cref="Require(SectionKind, long, List{NativeBlock})"/>.</param>
    public HnswGraph Graph(List<NativeBlock>? copies)
    {
        int count = Header.Count;
        int m = Header.M;
        byte* levels = Require(SectionKind.Levels, count);
        int* slots = (int*)Require(SectionKind.UpperSlots, count * 4L);
        long rows = 0;
        for (int node = 0; node < count; node++)
        {
            if (levels[node] > Header.MaxLevel)
                throw Bad(SectionKind.Levels, Find(SectionKind.Levels).Offset + node, $"level {levels[node]} is above {Header.MaxLevel}.");
            if (slots[node] != (levels[node] == 0 ? HnswGraph.NoNode : rows))
                throw Bad(SectionKind.UpperSlots, Find(SectionKind.UpperSlots).Offset + node * 4L, $"slot {slots[node]} is out of order.");
            rows += levels[node];
        }
        NodeCopies nodes = Copies(levels);
        if (nodes.IsCopy(Header.EntryPoint))
            throw Bad(SectionKind.Copies, Find(SectionKind.Copies).Offset + Header.EntryPoint * 8L, "the entry point is a copy.");
        if (levels[Header.EntryPoint] != Header.MaxLevel)
            throw Bad(
                SectionKind.Levels, Find(SectionKind.Levels).Offset + Header.EntryPoint, "the entry point is not on the highest level.");

        bool fast = Header.Layout == SegmentLayout.Fast;
        BlockShape shape = Header.Blocks ?? default;
        BlockShape upperShape = Header.UpperBlocks ?? default;
        int bits = Header.LinkBits;
        SectionKind kind = fast ? SectionKind.Level0Blocks : bits > 0 ? SectionKind.PackedLinks : SectionKind.Level0Links;
        SectionKind upperKind = fast ? SectionKind.UpperBlocks : SectionKind.UpperLinks;
        int stride = fast ? shape.Stride : bits > 0 ? LinkPacking.StrideOf(2 * m, bits) : 2 * m * sizeof(int);
        int upperStride = fast ? upperShape.Stride : m * sizeof(int);
        int* level0 = (int*)Require(kind, (long)count * stride + (bits > 0 ? LinkPacking.Margin : 0), copies);
        int* upper = (int*)Require(upperKind, rows * upperStride, copies);
        (long level0Offset, long upperOffset) = (Find(kind).Offset, Find(upperKind).Offset);
        HnswGraph graph = new(count, m, level0, levels, slots, upper, Header.EntryPoint, Header.MaxLevel, stride, upperStride, nodes)
        {
            LinkBits = bits,
        };
        int[] unpacked = new int[2 * m];
        for (int node = 0; node < count; node++)
        {
            for (int level = 0; level <= levels[node]; level++)
            {
                byte* row = (byte*)graph.Links(level, node);
                SectionKind of = level == 0 ? kind : upperKind;
                long offset = level == 0 ? level0Offset + (row - (byte*)level0) : upperOffset + (row - (byte*)upper);
                bool isPacked = level == 0 && bits > 0;
                if (isPacked)
                    LinkPacking.Slots(row, bits, unpacked);
                ReadOnlySpan<int> links = isPacked ? unpacked : new ReadOnlySpan<int>(row, graph.Slots(level));
                if (FirstUnsound(in graph, level, node, links) is int slot and >= 0)
                {
                    throw Bad(
                        of, offset + (isPacked ? slot * bits / 8 : slot * sizeof(int)),
                        $"node {node} links to {links[slot]} on level {level}.");
                }
                if (fast)
                    CheckUnusedSlots(row, level == 0 ? shape : upperShape, node, of, offset);
            }
        }
        return graph;
    }

    /// <summary>
    /// Which rows are identical, after checking that every copy is chained once behind the leader it names; none without the section.
    /// </summary>
    private NodeCopies Copies(byte* levels)
    {
        if (!_sections.TryGetValue(SectionKind.Copies, out Section section))
            return default;
        int count = Header.Count;
        CopyLink* links = (CopyLink*)Require(SectionKind.Copies, (long)count * sizeof(CopyLink));
        int copies = 0;
        for (int node = 0; node < count; node++)
        {
            (int leader, int next) = links[node];
            bool isSound = (uint)leader <= (uint)count && (uint)next <= (uint)count
                && (leader == 0 || (links[leader - 1].Leader == 0 && levels[node] == 0));
            if (!isSound)
            {
                throw Bad(
                    SectionKind.Copies, section.Offset + node * 8L, $"node {node} names leader {leader - 1} and next copy {next - 1}.");
            }
            copies += leader != 0 ? 1 : 0;
        }
        int chained = 0;
        for (int node = 0; node < count; node++)
        {
            if (links[node].Leader != 0)
                continue;
            for (int copy = links[node].Next; copy != 0; copy = links[copy - 1].Next)
            {
                if (links[copy - 1].Leader != node + 1 || ++chained > copies)
                {
                    throw Bad(
                        SectionKind.Copies, section.Offset + (copy - 1) * 8L,
                        $"node {copy - 1} is chained behind {node}, not its leader.");
                }
            }
        }
        return chained == copies
            ? new NodeCopies(links)
            : throw Bad(SectionKind.Copies, section.Offset, $"{chained} copies are chained; {copies} name a leader.");
    }

    /// <summary>The first slot that holds what it may not; −1 when there is none.</summary>
    private static int FirstUnsound(in HnswGraph graph, int level, int node, ReadOnlySpan<int> links)
    {
        bool ended = false;
        for (int i = 0; i < links.Length; i++)
        {
            int link = links[i];
            bool sound = link == HnswGraph.NoNode
                || (!ended && (uint)link < (uint)graph.Count && link != node && (level == 0 || graph.LevelOf(link) >= level)
                    && !graph.Copies.IsCopy(link) && !graph.Copies.IsCopy(node));
            ended |= link == HnswGraph.NoNode;
            if (!sound)
                return i;
        }
        return -1;
    }

    /// <summary>The walk follows each slot of a block whose estimate is small enough: one without a link must be infinitely far.</summary>
    private void CheckUnusedSlots(byte* block, BlockShape shape, int node, SectionKind kind, long offset)
    {
        int* links = (int*)block;
        for (int slot = 0; slot < shape.Groups * FastScan.Lanes; slot++)
        {
            if (links[slot] != HnswGraph.NoNode)
            {
                if (slot >= shape.Slots)
                    throw Bad(kind, offset + slot * sizeof(int), $"node {node} has a link beyond its {shape.Slots} slots.");
                continue;
            }
            int place = shape.FactorsOffset + slot / FastScan.Lanes * BlockShape.FactorBytes + slot % FastScan.Lanes * sizeof(ushort);
            ushort* factors = (ushort*)(block + place);
            if (factors[0] != BlockShape.UnusedAddend || factors[FastScan.Lanes] != 0)
                throw Bad(kind, offset + place, $"node {node} has an estimate in slot {slot}, which has no link.");
        }
    }

    /// <summary>In one pass, piece by piece: a piece is in the cache when its rows are looked at.</summary>
    private void CheckRows(Section section)
    {
        long rowBytes = (long)VectorTable.StrideOf(Header.Dimension) * sizeof(float);
        long piece = Math.Max(1, RowPieceBytes / rowBytes) * rowBytes;
        XxHash3 hash = new();
        StoredRows rows = new(Header.Metric, Header.Dimension);
        for (long done = 0; done < section.Length; done += piece)
        {
            int bytes = (int)Math.Min(piece, section.Length - done);
            byte* start = _mapping.Start + section.Offset + done;
            hash.Append(new ReadOnlySpan<byte>(start, bytes));
            rows.Look((float*)start, bytes / rowBytes);
        }
        RequireHash(section, hash.GetCurrentHashAsUInt64());
        if (rows.Fault is (long row, string what))
            throw Bad(SectionKind.Rows, section.Offset + row * rowBytes, what);
        LongRow = rows.TooLong;
    }

    private void CheckHash(Section section)
    {
        XxHash3 hash = new();
        const int Piece = 1 << 26;
        for (long done = 0; done < section.Length; done += Piece)
            hash.Append(new ReadOnlySpan<byte>(_mapping.Start + section.Offset + done, (int)Math.Min(Piece, section.Length - done)));
        RequireHash(section, hash.GetCurrentHashAsUInt64());
    }

    private void RequireHash(Section section, ulong actual)
    {
        if (actual != section.Hash)
            throw Bad(section.Kind, section.Offset, $"hash {actual:x16}; the header says {section.Hash:x16}.");
    }

    private Section Find(SectionKind kind) => _sections.TryGetValue(kind, out Section section)
        ? section
        : throw AnnException.Corrupt(_path, kind.ToString(), 0, "the section is missing.");

    private AnnException Bad(SectionKind kind, long offset, string what) => AnnException.Corrupt(_path, kind.ToString(), offset, what);
}
