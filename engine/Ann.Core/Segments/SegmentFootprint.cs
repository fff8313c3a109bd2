using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Payloads;

namespace Ann.Core.Segments;

/// <summary>What items have besides key and vector, on average.</summary>
/// <param name="AttributeBytes">Bytes of an item's attributes in the file; 0 without.</param>
/// <param name="PayloadBytes">Bytes of an item's payload; 0 without. A build reads them where they are.</param>
internal readonly record struct ItemExtras(double AttributeBytes = 0, double PayloadBytes = 0);

/// <summary>What an index will take before it exists: on disk, in memory, while it is searched and while it is built.</summary>
/// <remarks>
/// Exact but for three things: upper links follow the law of the levels (1/(M − 1) rows of them an item on average, a few per cent off in
/// a small index), string keys are as long as they are said to be, and cosine and L2 are taken to have one scale for all codes, as they
/// have unless rows differ widely in range (8 bytes an item more).
/// </remarks>
internal sealed record SegmentFootprint
{
    /// <summary>Largest average of key bytes.</summary>
    public const int MaxKeyBytes = KeyColumn.MaxKeyBytes;

    /// <summary>Largest average of attribute bytes.</summary>
    public const int MaxAttributeBytes = 1 << 20;

    private SegmentFootprint(long rows, CodesKind codes, SegmentLayout layout, SegmentParts parts)
    {
        Rows = rows;
        Codes = codes;
        Layout = layout;
        Parts = parts;
    }

    /// <summary>Items.</summary>
    public long Rows { get; }

    /// <summary>The codes that the file will have: those of 4 bits where either they or the compact layout were asked for.</summary>
    public CodesKind Codes { get; }

    /// <summary>The layout that the file will have: float32 codes are always lean.</summary>
    public SegmentLayout Layout { get; }

    /// <summary>Bytes of the file by what they are for.</summary>
    public SegmentParts Parts { get; }

    /// <summary>Bytes of scratch that one search holds; a thread that answers many rows holds up to six of them.</summary>
    public required long SearchBytes { get; init; }

    /// <summary>Most bytes that a build holds at once, without the runtime's own (some 60 MB).</summary>
    public required long BuildPeakBytes { get; init; }

    /// <summary>Does the arithmetic.</summary>
    /// <param name="rows">Items, 1 to <see cref="SegmentBuilder.MaxRows"/>.</param>
    /// <param name="dimension">Components of a vector, 1 to <see cref="SegmentBuilder.MaxDimension"/>.</param>
    /// <param name="options">What would be built; its threads count for the build.</param>
    /// <param name="keys">Kind of the keys.</param>
    /// <param name="keyBytes">Average UTF-8 bytes of a string key, 1 to <see cref="MaxKeyBytes"/>; numeric keys take 8.</param>
    /// <param name="ef">Beam width of a search, nodes.</param>
    /// <param name="extras">What items have besides. Default: nothing.</param>
    /// <exception cref="AnnException">InvalidArgument: a value out of range; names it.</exception>
    public static SegmentFootprint Estimate(
        long rows, int dimension, SegmentBuildOptions options, KeyKind keys, double keyBytes, int ef = 128,
        ItemExtras extras = default)
    {
        if (rows is < 1 or > SegmentBuilder.MaxRows)
            throw AnnException.Invalid("rows", $"rows is {rows}; it must be 1 to {SegmentBuilder.MaxRows}.");
        if (dimension is < 1 or > SegmentBuilder.MaxDimension)
            throw AnnException.Invalid("dim", $"dim is {dimension}; it must be 1 to {SegmentBuilder.MaxDimension}.");
        if (keys == KeyKind.String && !(keyBytes >= 1 && keyBytes <= MaxKeyBytes))
            throw AnnException.Invalid("key-bytes", $"key-bytes is {keyBytes}; it must be 1 to {MaxKeyBytes}.");
        (double attributeBytes, double payloadBytes) = extras;
        if (!(attributeBytes >= 0 && attributeBytes <= MaxAttributeBytes))
        {
            throw AnnException.Invalid(
                "attribute-bytes", $"attribute-bytes is {attributeBytes}; it must be 0 to {MaxAttributeBytes}.");
        }
        if (!(payloadBytes >= 0 && payloadBytes <= PayloadColumn.MaxBytes))
            throw AnnException.Invalid("payload-bytes", $"payload-bytes is {payloadBytes}; it must be 0 to {PayloadColumn.MaxBytes}.");
        new HnswParameters(options.M, options.EfConstruction, options.Seed).Validate();

        Shape shape = new(rows, dimension, options, keys, keyBytes, extras);
        Dictionary<SectionKind, long> lengths = shape.Sections();
        long length = SegmentHeader.Size + lengths.Values.Sum(Align);
        return new SegmentFootprint(rows, shape.Codes, shape.Layout, SegmentParts.Of(lengths, length))
        {
            SearchBytes = shape.SearchBytes(ef),
            BuildPeakBytes = shape.BuildPeakBytes(),
        };
    }

    private static long Align(long length) =>
        (length + SegmentHeader.Alignment - 1) / SegmentHeader.Alignment * SegmentHeader.Alignment;

    private readonly struct Shape
    {
        /// <summary>Build record and certificate are a few hundred bytes of JSON each.</summary>
        private const int JsonBytes = 1024;

        /// <summary>What finding a duplicate key takes a row: an entry and a bucket of a dictionary, and a link of a chain.</summary>
        private const int KeyCheckBytes = 32;

        /// <summary>What the order of insertion takes a row while it is made: a row number and what it is sorted by.</summary>
        private const int OrderBytes = 20;

        /// <summary>What attributes take while they are gathered: room to grow, and tables from text to ordinal.</summary>
        private const int AttributeSlack = 3;

        /// <summary>What a payload takes beside its bytes: where it ends.</summary>
        private const int PayloadEndBytes = sizeof(long);

        private readonly long _rows;
        private readonly int _dimension;
        private readonly SegmentBuildOptions _options;
        private readonly KeyKind _keys;
        private readonly double _keyBytes;
        private readonly ItemExtras _extras;
        private readonly bool _fast;
        private readonly int _bits;

        public Shape(long rows, int dimension, SegmentBuildOptions options, KeyKind keys, double keyBytes, ItemExtras extras)
        {
            _rows = rows;
            _dimension = dimension;
            _options = options;
            _keys = keys;
            _keyBytes = keyBytes;
            _extras = extras;
            (Codes, Layout) = CodesTraits.Together(options.Codes, options.Layout);
            _fast = Layout == SegmentLayout.Fast;
            _bits = EstimateTables.BitsOf(dimension);
        }

        public CodesKind Codes { get; }

        public SegmentLayout Layout { get; }

        private int M0 => 2 * _options.M;

        private BlockShape Block => new(M0, _bits);

        /// <summary>Rows of upper links: an item is on level l or above with probability M^−l.</summary>
        private long UpperRows => (long)Math.Round((double)_rows / (_options.M - 1));

        private long RowBytes => VectorTable.StrideOf(_dimension) * (long)sizeof(float);

        private long LinkBytes => _rows * M0 * sizeof(int) + UpperRows * _options.M * sizeof(int);

        private long BlockBytes => _rows * Block.Stride + UpperRows * new BlockShape(_options.M, _bits).Stride;

        private long KeysBytes => _rows * 8 + (_keys == KeyKind.String ? (long)Math.Round(_rows * _keyBytes) : 0);

        private long PayloadBytes => (long)Math.Round(_rows * _extras.PayloadBytes);

        private long AttributeBytes => (long)Math.Round(_rows * _extras.AttributeBytes);

        /// <summary>Bytes of level 0 packed; 0 in the other layouts.</summary>
        private long PackedBytes => Codes.AreInt4()
            ? _rows * LinkPacking.StrideOf(M0, LinkPacking.BitsOf((int)_rows)) + LinkPacking.Margin
            : 0;

        public Dictionary<SectionKind, long> Sections()
        {
            Dictionary<SectionKind, long> lengths = new()
            {
                [SectionKind.BuildRecord] = JsonBytes,
                [SectionKind.Certificate] = JsonBytes,
                [SectionKind.Keys] = KeysBytes,
                [SectionKind.Rows] = _rows * RowBytes,
                [SectionKind.Levels] = _rows,
                [SectionKind.UpperSlots] = _rows * sizeof(int),
            };
            if (AttributeBytes > 0)
                lengths[SectionKind.Attributes] = AttributeBytes;
            if (PayloadBytes > 0)
                lengths[SectionKind.Payloads] = _rows * PayloadEndBytes + PayloadBytes;
            if (Codes.AreCodes())
            {
                lengths[SectionKind.Codes] = _rows * Codes.StrideOf(_dimension);
                lengths[SectionKind.CodeMean] = RowBytes;
                if (Codes.AreInt4() || _options.Metric.Traits().TempersNorms)
                    lengths[SectionKind.CodeFactors] = _rows * Int8Codes.FactorBytes;
                else
                    lengths[SectionKind.CodeScale] = sizeof(float);
            }
            if (_fast)
                lengths[SectionKind.Level0Blocks] = _rows * Block.Stride;
            else if (PackedBytes > 0)
                lengths[SectionKind.PackedLinks] = PackedBytes;
            else
                lengths[SectionKind.Level0Links] = _rows * M0 * sizeof(int);
            lengths[_fast ? SectionKind.UpperBlocks : SectionKind.UpperLinks] =
                UpperRows * (_fast ? new BlockShape(_options.M, _bits).Stride : _options.M * sizeof(int));
            return lengths;
        }

        /// <summary>As <see cref="QueryContext"/> makes it.</summary>
        public long SearchBytes(int ef)
        {
            // The query, its quantised form, room to make it, and for 4-bit codes the signs of the rotation and a row.
            int components = Int8Codes.StrideOf(_dimension);
            long query = RowBytes + components * (long)(sizeof(float) + sizeof(short));
            if (Codes.AreInt4())
                query += RowBytes + 6L * components * sizeof(float);
            int rotated = Rotation.SizeOf(_dimension);
            long estimates = _fast ? (3L + 1) * rotated * sizeof(float) + FastScan.TableBytes(_bits) : 0;
            return query + estimates + WalkBytes(_fast ? Block.Groups * FastScan.Lanes : M0, ef) + (long)ef * sizeof(ulong);
        }

        /// <summary>The largest of three moments: keys are checked; the graph is built; blocks are made.</summary>
        public long BuildPeakBytes()
        {
            bool tempered = _options.Metric.Traits().TempersNorms;
            bool onCodes = Codes.AreCodes() && _dimension >= CodeDistance.MinDimension;
            long rows = _rows * RowBytes + KeysBytes + AttributeBytes * AttributeSlack + (PayloadBytes > 0 ? _rows * PayloadEndBytes : 0);
            long codes = Codes.AreCodes() ? _rows * (Int8Codes.StrideOf(_dimension) + Int8Codes.FactorBytes) : 0;
            long int4 = Codes.AreInt4() ? _rows * (Codes.StrideOf(_dimension) + Int8Codes.FactorBytes) : 0;
            long graph = LinkBytes + _rows * (sizeof(byte) + sizeof(int));

            long buildCodes = onCodes ? _rows * 2 * sizeof(float) + (tempered ? codes : 0) : 0;
            long norms = tempered ? _rows * 2 * sizeof(float) : 0;
            long workers = _options.Threads * WalkBytes(M0 * BuildSearch.Width, _options.EfConstruction);
            long keyCheck = rows + _rows * KeyCheckBytes;
            long building = rows + codes + int4 + graph + buildCodes + norms + workers + _rows * (OrderBytes + sizeof(int));
            long rotated = _fast ? _rows * RotatedRows.ComponentsOf(_dimension) * sizeof(float) : 0;
            long sealing = rows + codes + int4 + graph + (_fast ? BlockBytes + rotated : PackedBytes) + _rows * sizeof(int);
            return Math.Max(keyCheck, Math.Max(building, sealing));
        }

        /// <summary>As <see cref="SearchContext"/>, <see cref="VisitedSet"/> and <see cref="Beam"/> make it.</summary>
        private long WalkBytes(int slots, int ef)
        {
            long visited = (_rows + 63) / 64 * sizeof(ulong) + Math.Min(_rows, 1 << 16) * sizeof(int);
            return SearchContext.ScratchBytesOf(slots) + visited + (ef + 2L * SortedWords.Margin) * sizeof(ulong);
        }
    }
}
