using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ann.Core.Distances;
using Ann.Core.Files;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>The checked sections of a mapped <c>.ann</c> file. Nothing behind this class checks again, so it must miss nothing.</summary>
internal sealed unsafe class SegmentSections
{
    private readonly string _path;
    private readonly FileMapping _mapping;
    private readonly Dictionary<SectionKind, Section> _sections;

    /// <summary>Reads the header, checks its table and every section's hash.</summary>
    public SegmentSections(string path, FileMapping mapping)
    {
        _path = path;
        _mapping = mapping;
        ReadOnlySpan<byte> head = new(mapping.Start, (int)Math.Min(mapping.Length, SegmentHeader.Size));
        Header = SegmentHeader.Read(path, head, mapping.Length);
        _sections = Header.Sections.ToDictionary(section => section.Kind);
        foreach (Section section in Header.Sections)
            CheckHash(section);
    }

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

    /// <summary>The scale of all codes; 0 when the segment has no such section, and a scale a row instead.</summary>
    public float CodeScale()
    {
        if (!_sections.TryGetValue(SectionKind.CodeScale, out Section section))
            return 0;
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

    /// <summary>The keys, after checking that every text lies inside the section.</summary>
    public SegmentKeys Keys()
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
        if (levels[Header.EntryPoint] != Header.MaxLevel)
            throw Bad(
                SectionKind.Levels, Find(SectionKind.Levels).Offset + Header.EntryPoint, "the entry point is not on the highest level.");

        BlockShape? blocks = Header.Blocks;
        int* level0 = (int*)(blocks is { } shape
            ? Require(SectionKind.Level0Blocks, (long)count * shape.Stride, copies)
            : Require(SectionKind.Level0Links, (long)count * 2 * m * 4, copies));
        BlockShape? upperBlocks = Header.UpperBlocks;
        int* upper = (int*)(upperBlocks is { } upperShape
            ? Require(SectionKind.UpperBlocks, rows * upperShape.Stride, copies)
            : Require(SectionKind.UpperLinks, rows * m * 4, copies));
        HnswGraph graph = new(
            count, m, level0, levels, slots, upper, Header.EntryPoint, Header.MaxLevel, blocks?.Stride ?? 0, upperBlocks?.Stride ?? 0);
        for (int node = 0; node < count; node++)
            for (int level = 0; level <= levels[node]; level++)
                CheckLinks(in graph, level, node);
        return graph;
    }

    private void CheckLinks(in HnswGraph graph, int level, int node)
    {
        int* links = graph.Links(level, node);
        bool ended = false;
        for (int i = 0; i < graph.Slots(level); i++)
        {
            int link = links[i];
            bool sound = link == HnswGraph.NoNode
                || (!ended && (uint)link < (uint)graph.Count && link != node && (level == 0 || graph.LevelOf(link) >= level));
            ended |= link == HnswGraph.NoNode;
            if (sound)
                continue;
            bool fast = Header.Layout == SegmentLayout.Fast;
            SectionKind kind = level > 0
                ? (fast ? SectionKind.UpperBlocks : SectionKind.UpperLinks)
                : (fast ? SectionKind.Level0Blocks : SectionKind.Level0Links);
            throw Bad(kind, (byte*)(links + i) - _mapping.Start, $"node {node} links to {link} on level {level}.");
        }
    }

    private void CheckHash(Section section)
    {
        XxHash3 hash = new();
        const int Piece = 1 << 26;
        for (long done = 0; done < section.Length; done += Piece)
            hash.Append(new ReadOnlySpan<byte>(_mapping.Start + section.Offset + done, (int)Math.Min(Piece, section.Length - done)));
        ulong actual = hash.GetCurrentHashAsUInt64();
        if (actual != section.Hash)
            throw Bad(section.Kind, section.Offset, $"hash {actual:x16}; the header says {section.Hash:x16}.");
    }

    private Section Find(SectionKind kind) => _sections.TryGetValue(kind, out Section section)
        ? section
        : throw AnnException.Corrupt(_path, kind.ToString(), 0, "the section is missing.");

    private AnnException Bad(SectionKind kind, long offset, string what) => AnnException.Corrupt(_path, kind.ToString(), offset, what);
}
