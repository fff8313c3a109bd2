using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Files;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>One <c>.ann</c> file, mapped and ready to be searched by any number of threads at once.</summary>
internal sealed unsafe class SealedSegment : IDisposable
{
    private const float MostEstimateMargin = 16;

    private readonly FileMapping _mapping;
    private readonly SegmentHeader _header;
    private readonly SegmentView _view;
    private readonly SegmentSearcher _searcher;
    private readonly List<NativeBlock>? _copies;

    private SealedSegment(string path, FileMapping mapping, SegmentResidence residence, Action<long>? reserve, bool keysAreLookedUp)
    {
        SegmentSections sections = new(path, mapping);
        _mapping = mapping;
        _header = sections.Header;
        Path = path;
        Keys = sections.Keys(keysAreLookedUp);
        Attributes = sections.Attributes();
        Payloads = sections.Payloads();
        BuildRecord = sections.Json(SectionKind.BuildRecord, SegmentJson.Default.BuildRecord);
        Certificate = sections.Certificate();
        LongRow = sections.LongRow;
        Parts = SegmentParts.Of(_header);
        if (Parts.LoadedBytes(Layout, residence) is long loaded and > 0)
        {
            reserve?.Invoke(loaded);
            _copies = [];
        }
        _view = View(sections, _copies) with
        {
            RowReads = sections.RowReads(),
            CodesAreAligned = BuildRecord.CodesAsked is { Length: > 0 },
            MoreMargin = BuildRecord.EstimateMargin is { } margin and >= 1 and <= MostEstimateMargin ? margin - 1 : 0,
        };
        mapping.ReleasePages(); // those that only the checks have read
        mapping.ExpectRandomReads();
        _searcher = new SegmentSearcher(_view, Keys);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>How nearness is measured.</summary>
    public Metric Metric => _header.Metric;

    /// <summary>Codes that the walk reads.</summary>
    public CodesKind Codes => _header.Codes;

    /// <summary>Layout of what the walk reads.</summary>
    public SegmentLayout Layout => _header.Layout;

    /// <summary>Components of a vector.</summary>
    public int Dimension => _header.Dimension;

    /// <summary>Items.</summary>
    public int Count => _header.Count;

    /// <summary>Name of this build: 16 hex digits that follow from the content of the file.</summary>
    public string Generation => _header.Hash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Keys by node. Valid until the segment is disposed.</summary>
    public SegmentKeys Keys { get; }

    /// <summary>The attributes of its items, in the order of their columns.</summary>
    public AttributeSchema AttributeSchema => Attributes?.Schema ?? AttributeSchema.Empty;

    /// <summary>What the values of its attributes are like, one an attribute. Reads all of them.</summary>
    public IReadOnlyList<AttributeSummary> SummarizeAttributes() => Attributes is null
        ? []
        : [.. Enumerable.Range(0, Attributes.Schema.Count).Select(column => AttributeSummary.Of(Attributes, column, Count))];

    /// <summary>How the file was made.</summary>
    public BuildRecord BuildRecord { get; }

    /// <summary>What was measured when it was sealed.</summary>
    public Certificate Certificate { get; }

    /// <summary>
    /// What is wrong with the first row that is longer than vectors may be today; null when none is. Older files may have such rows.
    /// </summary>
    public string? LongRow { get; }

    /// <summary>Size of the file in bytes.</summary>
    public long SizeInBytes => _header.FileLength;

    /// <summary>Bytes of the file by what they are for.</summary>
    public SegmentParts Parts { get; }

    /// <summary>Bytes of the sections that were copied to memory; 0 when all are mapped.</summary>
    public long LoadedBytes => _copies?.Sum(block => block.SizeInBytes) ?? 0;

    /// <summary>Bytes of the file that searches read where they are mapped: all that is not loaded.</summary>
    public long MappedBytes => SizeInBytes - LoadedBytes;

    /// <summary>Attributes by node; null without. Valid until the segment is disposed.</summary>
    internal AttributeTable? Attributes { get; }

    /// <summary>Payloads by node; null without. Valid until the segment is disposed.</summary>
    internal SealedPayloads? Payloads { get; }

    /// <summary>Searches it.</summary>
    internal SegmentSearcher Searcher => _searcher;

    /// <summary>Maps a file and checks all of it: header, every section's hash, every row, link and key, and the certificate.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="residence">Where links and codes lie while the segment is open.</param>
    /// <param name="reserve">
    /// Told of the bytes that will be copied to memory, before they are; not called when there are none. What it throws ends the opening.
    /// </param>
    /// <param name="keysAreLookedUp">
    /// True when the caller makes a <see cref="KeyTable"/> of the keys next, which finds equal ones: they are not looked for here.
    /// </param>
    /// <exception cref="AnnException">
    /// Corrupt: names the section and the byte. NotFound: no such file. InvalidArgument: no <c>.ann</c> file, or of another version.
    /// </exception>
    public static SealedSegment Open(
        IFileSystem files, string path, SegmentResidence residence = SegmentResidence.ByLayout, Action<long>? reserve = null,
        bool keysAreLookedUp = false)
    {
        if (!BitConverter.IsLittleEndian)
            throw new AnnException(
                AnnError.FailedPrecondition, ".ann files are mapped as they are, and are little-endian; this machine is not.");
        FileMapping mapping = files.Map(path);
        try
        {
            return new SealedSegment(path, mapping, residence, reserve, keysAreLookedUp);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="SegmentSearcher.Search(in SegmentQuery, SegmentSight, Span{Neighbor}, Span{int}, Span{SearchStatistics})"/>
    public void Search(in SegmentQuery query, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        _searcher.Search(in query, SegmentSight.Whole(Count), results, counts, statistics);

    /// <summary>Finds the nearest items of one query, nearest first, ties by key.</summary>
    /// <param name="query">As many components as <see cref="Dimension"/>.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="results">Room for at least k.</param>
    /// <param name="statistics">What it cost, and whether it was stopped.</param>
    /// <returns>Results written.</returns>
    public int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        out SearchStatistics statistics) =>
        _searcher.Search(
            new SegmentQuery { Queries = query, Parameters = parameters, Budget = budget }, SegmentSight.Whole(Count), results,
            out statistics);

    /// <summary>The exact distance of a query to one item.</summary>
    /// <exception cref="AnnException">As for a search.</exception>
    public float Distance(ReadOnlySpan<float> query, int node)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)node, (uint)Count, nameof(node));
        return _searcher.Distance(query, node);
    }

    /// <summary>The vector of an item as it is stored: unit length under cosine. Valid until the segment is disposed.</summary>
    public ReadOnlySpan<float> Row(int node)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)node, (uint)Count, nameof(node));
        return new ReadOnlySpan<float>(_view.Row(node), Dimension);
    }

    /// <inheritdoc cref="LiveSegment.Reaches"/>
    internal bool? Reaches(int node, in SearchBudget budget)
    {
        HnswGraph graph = _view.Graph;
        return graph.LinkBits > 0
            ? Reachability.Leads<PackedLinks>(in graph, node, in budget)
            : Reachability.Leads<SealedLinks>(in graph, node, in budget);
    }

    /// <summary>Ends the mapping, unless a head reads payloads of it. No search may be running.</summary>
    public void Dispose()
    {
        _searcher.Dispose();
        foreach (NativeBlock block in _copies ?? [])
            block.Dispose();
        if (Payloads is { } payloads)
            payloads.Release();
        else
            _mapping.Dispose();
    }

    private static SegmentView View(SegmentSections sections, List<NativeBlock>? copies)
    {
        SegmentHeader header = sections.Header;
        long count = header.Count;
        int rowStride = VectorTable.StrideOf(header.Dimension);
        int codeStride = header.Codes.StrideOf(header.Dimension);
        bool coded = header.Codes.AreCodes();
        float scale = coded ? sections.CodeScale() : 0;
        return new SegmentView
        {
            Metric = header.Metric,
            Codes = header.Codes,
            Dimension = header.Dimension,
            Graph = sections.Graph(copies),
            Blocks = header.Blocks,
            Rows = (float*)sections.Require(SectionKind.Rows, count * rowStride * sizeof(float)),
            RowStride = rowStride,
            CodeBytes = coded ? (sbyte*)sections.Require(SectionKind.Codes, count * codeStride, copies) : null,
            CodeStride = codeStride,
            CodeScale = scale,
            UniformWeight = header.Metric.Traits().DotWeight * scale,
            CodeFactors = coded && scale == 0
                ? sections.Numbers(SectionKind.CodeFactors, count * Int8Codes.FactorBytes, copies)
                : null,
            CodeMean = coded ? sections.Numbers(SectionKind.CodeMean, rowStride * (long)sizeof(float)) : null,
        };
    }
}
