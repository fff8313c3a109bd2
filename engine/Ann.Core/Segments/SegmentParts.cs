namespace Ann.Core.Segments;

/// <summary>Bytes of an <c>.ann</c> file by what they are for. All in bytes; their sum is the length of the file.</summary>
internal sealed record SegmentParts
{
    /// <summary>Links of all levels; in the fast layout with the estimates beside them.</summary>
    public required long Links { get; init; }

    /// <summary>The level of each item and where its upper links are; where rows are identical, which.</summary>
    public required long Levels { get; init; }

    /// <summary>Codes and what belongs to each of them; 0 without codes.</summary>
    public required long Codes { get; init; }

    /// <summary>Float32 rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Keys.</summary>
    public required long Keys { get; init; }

    /// <summary>Attributes; 0 without.</summary>
    public required long Attributes { get; init; }

    /// <summary>Payloads, and where each ends; 0 without.</summary>
    public required long Payloads { get; init; }

    /// <summary>Header, build record, certificate, what all codes share, and padding.</summary>
    public required long Other { get; init; }

    /// <summary>Length of the file.</summary>
    public long Total => Links + Levels + Codes + Rows + Keys + Attributes + Payloads + Other;

    /// <summary>Bytes that opening the file copies to memory: links and codes, where they are loaded. The rest stays mapped.</summary>
    /// <param name="layout">Of the file.</param>
    /// <param name="residence">How it is opened.</param>
    public long LoadedBytes(SegmentLayout layout, SegmentResidence residence = SegmentResidence.ByLayout)
    {
        bool loaded = residence == SegmentResidence.Loaded || (residence == SegmentResidence.ByLayout && layout != SegmentLayout.Lean);
        return loaded ? Links + Codes : 0;
    }

    /// <summary>The parts of a file that is there.</summary>
    internal static SegmentParts Of(SegmentHeader header)
    {
        Dictionary<SectionKind, long> lengths = header.Sections.ToDictionary(section => section.Kind, section => section.Length);
        return Of(lengths, header.FileLength);
    }

    /// <summary>The parts of a file with sections of these lengths.</summary>
    internal static SegmentParts Of(IReadOnlyDictionary<SectionKind, long> lengths, long fileLength)
    {
        long links = Sum(
            SectionKind.Level0Links, SectionKind.UpperLinks, SectionKind.Level0Blocks, SectionKind.UpperBlocks, SectionKind.PackedLinks);
        long levels = Sum(SectionKind.Levels, SectionKind.UpperSlots, SectionKind.Copies);
        long codes = Sum(SectionKind.Codes, SectionKind.CodeFactors);
        long rows = Sum(SectionKind.Rows);
        long keys = Sum(SectionKind.Keys);
        long attributes = Sum(SectionKind.Attributes);
        long payloads = Sum(SectionKind.Payloads);
        return new SegmentParts
        {
            Links = links,
            Levels = levels,
            Codes = codes,
            Rows = rows,
            Keys = keys,
            Attributes = attributes,
            Payloads = payloads,
            Other = fileLength - links - levels - codes - rows - keys - attributes - payloads,
        };

        long Sum(params ReadOnlySpan<SectionKind> kinds)
        {
            long sum = 0;
            foreach (SectionKind kind in kinds)
                sum += lengths.GetValueOrDefault(kind);
            return sum;
        }
    }
}
