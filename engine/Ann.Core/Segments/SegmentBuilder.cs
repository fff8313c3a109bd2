using System.Diagnostics;
using System.Text.Json;
using Ann.Core.Attributes;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Files;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Payloads;

namespace Ann.Core.Segments;

/// <summary>
/// Rows in, one <c>.ann</c> file out: add every row, <see cref="Build"/>, <see cref="Write"/>. The same rows, keys, options and seed give
/// the same file on any number of threads.
/// </summary>
internal sealed unsafe class SegmentBuilder : IDisposable
{
    /// <summary>Most rows of one file: a node and two marks share 32 bits of a beam entry.</summary>
    public const int MaxRows = 1 << 30;

    /// <summary>Largest dimension.</summary>
    public const int MaxDimension = 65_536;

    private readonly SegmentBuildOptions _options;
    private readonly HnswParameters _parameters;
    private readonly VectorTable _rows;
    private readonly AttributeRows? _attributes;
    private RowPayload? _payloads;
    private CodesChoice? _choice;
    private Int8Codes? _codes;
    private Int4Codes? _int4;
    private RowCopies? _copies;
    private GraphStorage? _graph;
    private NeighborBlocks? _blocks;
    private KeyColumn? _keys;
    private int _added;
    private HnswGraph? _source;
    private int[] _sourceNodes = [];
    private bool _sourceIsOnRows;
    private float _margin = 1;

    /// <param name="rows">Rows that will be added, 1 or more.</param>
    /// <param name="dimension">Components of a row, 1 to <see cref="MaxDimension"/>.</param>
    /// <param name="options">What to build.</param>
    /// <exception cref="AnnException">InvalidArgument: a value out of range; names it.</exception>
    public SegmentBuilder(int rows, int dimension, SegmentBuildOptions options)
    {
        if (rows > MaxRows)
            throw AnnException.Invalid("input", $"there are {rows} rows; an index file holds at most {MaxRows}.");
        if (rows < 1)
            throw AnnException.Invalid("input", $"there are {rows} rows; an index needs at least one.");
        if (dimension is < 1 or > MaxDimension)
            throw AnnException.Invalid("input", $"dimension is {dimension}; it must be 1 to {MaxDimension}.");
        if (options.Threads is < 1 or > 1024)
            throw AnnException.Invalid("threads", $"threads is {options.Threads}; it must be 1 to 1024.");
        (CodesKind codes, SegmentLayout layout) = CodesTraits.Together(options.Codes, options.Layout);
        _options = options = options with { Codes = codes, Layout = layout };
        _parameters = new HnswParameters(options.M, options.EfConstruction, options.Seed);
        _parameters.Validate();
        options.Queries?.Validate(options.Metric, dimension);
        _attributes = options.Attributes.Count == 0 ? null : new AttributeRows(options.Attributes);
        _rows = new VectorTable(rows, dimension);
    }

    /// <summary>What was measured. Set by <see cref="Build"/>.</summary>
    public Certificate? Certificate { get; private set; }

    /// <summary>Layout of the file. Set by <see cref="Build"/>; lean where rows have not got the codes that another needs.</summary>
    public SegmentLayout Layout => _blocks is null && _int4 is null ? SegmentLayout.Lean : _options.Layout;

    /// <summary>Why the codes are not those that were asked for, or have a scale per row; empty when they are as ever.</summary>
    public string CodesReason => _choice?.Reason ?? "";

    /// <summary>
    /// Codes of the file. Set by <see cref="Build"/>: those that were asked for where they tell the rows apart, else finer ones, or none.
    /// </summary>
    public CodesKind Codes => _codes is null ? CodesTraits.None : _int4 is null ? CodesTraits.Standard : _options.Codes;

    /// <summary>Name of this build, as <see cref="SealedSegment.Generation"/>. Set by <see cref="Write"/>.</summary>
    public string? Generation { get; private set; }

    /// <summary>Appends a row. Cosine stores it with unit length.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: wrong dimension, NaN, infinity, or a zero vector under cosine; names the row.
    /// </exception>
    public void Add(ReadOnlySpan<float> row)
    {
        if (_added == _rows.Count)
            throw AnnException.Invalid("input", $"there are more rows than the {_rows.Count} that were announced.");
        if (row.Length != _rows.Dimension)
            throw AnnException.Invalid("input", $"row {_added} has dimension {row.Length}; {_rows.Dimension} was expected.");
        RowPreparation.Prepare(_options.Metric, row, _rows.Values(_added), "input", _added);
        _added++;
    }

    /// <summary>
    /// Appends the attributes of some rows, in the order of the rows; these may be added before or after. Rows of which none are given at
    /// the end have no values.
    /// </summary>
    /// <param name="items">Of the schema of <see cref="SegmentBuildOptions.Attributes"/>. Copied.</param>
    /// <exception cref="AnnException">InvalidArgument: another schema, or more than the announced rows.</exception>
    public void AddAttributes(AttributeBatch items)
    {
        if (!items.Schema.Equals(_options.Attributes))
            throw AnnException.Invalid("attributes", items.Schema.DifferenceFrom(_options.Attributes, "the rows have", "the build takes"));
        if (_attributes is null)
            return;
        if (items.Count > _rows.Count - _attributes.Count)
            throw AnnException.Invalid("attributes", $"there are attributes of more rows than the {_rows.Count} that were announced.");
        for (int item = 0; item < items.Count; item++)
            _attributes.Add(items, item);
    }

    /// <summary>Tells where the payloads of the rows are. Without it no row has one.</summary>
    /// <param name="read">
    /// Asked once for the length of each row's payload, and twice for its bytes, in the order of the rows, by <see cref="Write"/>: they are
    /// never in memory all at once. Says the same each time.
    /// </param>
    public void SetPayloads(RowPayload read) => _payloads = read;

    /// <summary>Appends the attributes of a row that is stored in another segment.</summary>
    /// <param name="table">Of the same schema; null for no value.</param>
    /// <param name="node">Of that table.</param>
    internal void AddStoredAttributes(AttributeTable? table, int node)
    {
        if (table is null)
            _attributes?.AddMissing();
        else
            _attributes?.Add(table, node);
    }

    /// <summary>Appends a row that is stored in another segment of the same metric: it is kept to the bit.</summary>
    internal void AddStored(ReadOnlySpan<float> row)
    {
        Debug.Assert(_added < _rows.Count && row.Length == _rows.Dimension);
        row.CopyTo(_rows.Values(_added++));
    }

    /// <summary>
    /// Takes the links from a graph over the same rows instead of searching for them: a tenth of the work. What is missing after nodes were
    /// left out is repaired.
    /// </summary>
    /// <param name="source">Of the same shape. It must stay as it is until <see cref="Build"/> has ended.</param>
    /// <param name="nodes">Nodes of it, ascending: those of the rows, in their order.</param>
    /// <param name="isOnRows">
    /// True when its links follow exact distances. Others are only taken where codes tell these rows apart.
    /// </param>
    internal void Adopt(HnswGraph source, int[] nodes, bool isOnRows = false)
    {
        Debug.Assert(nodes.Length == _rows.Count && source.M == _parameters.M);
        _source = source;
        _sourceNodes = nodes;
        _sourceIsOnRows = isOnRows;
    }

    /// <summary>Builds codes, graph and certificate.</summary>
    /// <param name="keys">One unique key a row.</param>
    /// <param name="progress">Told after every batch of work.</param>
    /// <param name="cancellation">Ends the build early; the builder is then only good for disposing.</param>
    /// <exception cref="AnnException">InvalidArgument: rows are missing, or keys are not one unique key a row.</exception>
    public void Build(KeyColumn keys, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_added != _rows.Count)
            throw AnnException.Invalid("input", $"{_added} rows were added; {_rows.Count} were announced.");
        if (keys.Count != _rows.Count)
            throw AnnException.Invalid("keys", $"there are {keys.Count} keys for {_rows.Count} rows.");
        keys.RequireUnique();
        _keys = keys;
        if (_attributes is not null)
        {
            while (_attributes.Count < _rows.Count)
                _attributes.AddMissing();
            _attributes.Seal();
        }

        _copies = RowCopies.Find(_rows, keys, _options.Threads, cancellation);
        NodeCopies copies = _copies?.Nodes ?? default;
        if (_options.Codes.AreCodes())
        {
            _choice = CodesChoice.Make(_rows, _options.Metric, _options.Threads, Report(BuildStage.Codes), cancellation);
            _codes = _choice.Codes;
            if (_options.Codes.AreInt4())
                _choice = _choice.WithInt4(_rows, _options.Metric, _options.Threads, cancellation);
            _int4 = _choice.Int4;
            if (_codes is null && !_sourceIsOnRows)
                _source = null; // its links were chosen by codes that tell the rows apart no better
        }
        _graph = _source is { } source
            ? new GraphStorage(GraphCopy.LevelsOf(in source, _sourceNodes, copies), _parameters, copies)
            : new GraphStorage(_rows.Count, _parameters, copies);
        int repaired = BuildGraph(Report(BuildStage.Graph), cancellation);

        if (_codes is not null && _options.Layout == SegmentLayout.Fast)
            _blocks = NeighborBlocks.Encode(
                _graph.Graph, _rows, _options.Metric, (float*)_codes.Mean.Start, _options.Threads, cancellation);

        SegmentView view = View();
        if (_blocks is not null && _choice?.Fidelity is { } fidelity)
        {
            SegmentView lean = view with { Graph = _graph.Graph, Blocks = null };
            _margin = EstimateMeasurement.Measure(in lean, in view, fidelity, _options.Threads, cancellation);
            view = view with { MoreMargin = _margin - 1 };
        }
        Certificate measured = CertificateMeasurement.Measure(
            in view, repaired, _options.Queries, _options.Threads, Report(BuildStage.Certificate), cancellation);
        Certificate = measured with { CodesRecall10 = _choice?.Recall?.Scan10, CodesRecall100 = _choice?.Recall?.Scan100 };

        Action<int>? Report(BuildStage stage) => progress is null
            ? null
            : done => progress.Report(new BuildProgress(stage, done, _rows.Count));
    }

    /// <summary>Writes the file; it appears whole or not at all.</summary>
    /// <exception cref="AnnException">InvalidArgument: the directory is missing or may not be written; a payload is too long.</exception>
    /// <exception cref="IOException">The device refused the bytes, as when it is full; nothing is left behind.</exception>
    public void Write(
        IFileSystem files, string path, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_graph is null || _keys is null || Certificate is null)
            throw new InvalidOperationException("Build comes before Write.");

        SegmentWriter writer = new();
        writer.Add(SectionKind.BuildRecord, JsonSerializer.SerializeToUtf8Bytes(Record(), SegmentJson.Default.BuildRecord));
        writer.Add(SectionKind.Certificate, JsonSerializer.SerializeToUtf8Bytes(Certificate, SegmentJson.Default.Certificate));
        writer.Add(_keys);
        writer.Add(SectionKind.Rows, _rows.Block);
        _attributes?.AddTo(writer);
        PayloadRows.Of(_payloads, _rows.Count)?.AddTo(writer);
        if (_codes is not null)
        {
            writer.Add(SectionKind.Codes, _int4?.Codes ?? _codes.Codes);
            if (_int4 is null && _codes.Scale > 0)
                writer.Add(SectionKind.CodeScale, BitConverter.GetBytes(_codes.Scale));
            else
                writer.Add(SectionKind.CodeFactors, _int4?.Factors ?? _codes.Factors);
            writer.Add(SectionKind.CodeMean, _codes.Mean);
        }
        using NativeBlock? packed = _int4 is null ? null : LinkPacking.Pack(_graph.Graph);
        if (_blocks is null)
        {
            if (packed is null)
                writer.Add(SectionKind.Level0Links, _graph.Level0);
            else
                writer.Add(SectionKind.PackedLinks, packed);
            writer.Add(SectionKind.UpperLinks, _graph.UpperLinks);
        }
        else
        {
            writer.Add(SectionKind.Level0Blocks, _blocks.Level0);
            writer.Add(SectionKind.UpperBlocks, _blocks.Upper);
        }
        if (_copies is not null)
            writer.Add(SectionKind.Copies, _copies.Links);
        writer.Add(SectionKind.Levels, _graph.Levels);
        writer.Add(SectionKind.UpperSlots, _graph.UpperSlots);

        SegmentHeader? header = null;
        writer.Write(
            files, path, (sections, length) => header = Header(sections, length),
            progress is null ? null : (done, total) => progress.Report(new BuildProgress(BuildStage.Write, done, total)),
            cancellation);
        Generation = header!.Hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _rows.Dispose();
        _codes?.Dispose();
        _int4?.Dispose();
        _copies?.Dispose();
        _graph?.Dispose();
        _blocks?.Dispose();
    }

    private int BuildGraph(Action<int>? progress, CancellationToken cancellation)
    {
        using NativeBlock? norms = _options.Metric.Traits().TempersNorms ? TemperedNorm.Compute(_rows) : null;
        TemperedNorm* tempered = norms is null ? null : (TemperedNorm*)norms.Start;
        if (_codes is not null && _rows.Dimension >= CodeDistance.MinDimension && _choice is { AreFitForLinks: true })
            return BuildGraphOnCodes(tempered, progress, cancellation);
        return norms is null
            ? _options.Metric.Dispatch<OnRows, int>(new(this, progress, cancellation))
            : BuildGraph<TemperedDistance, TemperedScorer>(new(_rows.Start, _rows.Stride, tempered), progress, cancellation);
    }

    /// <summary>For inner product the codes of the walk are of the rows as they are; the build makes its own, of tempered rows.</summary>
    private int BuildGraphOnCodes(TemperedNorm* norms, Action<int>? progress, CancellationToken cancellation)
    {
        using Int8Codes? tempered =
            norms is null ? null : Int8Codes.EncodeTempered(_rows, norms, _options.Threads, cancellation);
        Int8Codes codes = tempered ?? _codes!;
        Metric metric = tempered is null ? _options.Metric : CodeDistance.Metric;
        using NativeBlock block = CodeDistance.ComputePoints(codes, metric, _rows.Count);
        CodePoints points = new((sbyte*)codes.Codes.Start, codes.Stride, (CodePoint*)block.Start);
        return BuildGraph<CodeDistance, CodeScorer>(new(points, norms), progress, cancellation);
    }

    private int BuildGraph<TDistance, TScorer>(TDistance distance, Action<int>? progress, CancellationToken cancellation)
        where TDistance : struct, IBuildDistance<TScorer>
        where TScorer : struct, INodeScorer
    {
        HnswGraph graph = _graph!.Graph;
        if (_source is { } source)
        {
            GraphCopy.Run(in source, _sourceNodes, in graph);
        }
        else
        {
            using GraphBuilder<TDistance, TScorer> builder = new(_graph!, _parameters, distance, _options.Threads);
            builder.Build(progress, cancellation);
        }
        int repaired = Reachability.Repair<TDistance, TScorer>(in graph, in distance, cancellation);
        LinkFill.Run<TDistance, TScorer>(graph, distance, _options.Threads, cancellation);
        return repaired;
    }

    private float CodeScale => _int4 is null && _codes is { } codes ? codes.Scale : 0;

    private SegmentView View() => new()
    {
        Metric = _options.Metric,
        Codes = Codes,
        Dimension = _rows.Dimension,
        Graph = _blocks?.Graph ?? _graph!.Graph,
        Blocks = _blocks?.Shape,
        Rows = _rows.Start,
        RowStride = _rows.Stride,
        CodeBytes = _codes is null ? null : (sbyte*)(_int4?.Codes ?? _codes.Codes).Start,
        CodeStride = _int4?.Stride ?? _codes?.Stride ?? 0,
        CodeScale = CodeScale,
        UniformWeight = _options.Metric.Traits().DotWeight * CodeScale,
        CodeFactors = _codes is null ? null : (float*)(_int4?.Factors ?? _codes.Factors).Start,
        CodeMean = _codes is null ? null : (float*)_codes.Mean.Start,
        CodesAreAligned = true,
    };

    private SegmentHeader Header(IReadOnlyList<Section> sections, long length) => new()
    {
        Metric = _options.Metric,
        Codes = Codes,
        Keys = _keys!.Kind,
        Count = _rows.Count,
        Dimension = _rows.Dimension,
        Layout = Layout,
        EstimateBits = _blocks?.Shape.Bits ?? 0,
        M = _options.M,
        EntryPoint = _graph!.Graph.EntryPoint,
        MaxLevel = _graph.Graph.MaxLevel,
        FileLength = length,
        Sections = sections,
    };

    private BuildRecord Record() => new()
    {
        Name = _options.Name,
        M = _options.M,
        EfConstruction = _options.EfConstruction,
        Seed = _options.Seed,
        Codes = EnumNames<CodesKind>.Plain.Of(Codes),
        CodesAsked = EnumNames<CodesKind>.Plain.Of(_options.Codes),
        CodesReason = CodesReason,
        EstimateMargin = _margin > 1 ? _margin : null,
        EncoderFingerprint = _options.EncoderFingerprint,
        EncoderName = _options.EncoderName,
        QueryEncoderFingerprint = _options.QueryEncoderFingerprint,
        QueryEncoderName = _options.QueryEncoderName,
        Source = _options.Source,
        LogPosition = _options.LogPosition,
        EngineVersion = ProductVersion.Release,
    };

    private readonly struct OnRows(SegmentBuilder builder, Action<int>? progress, CancellationToken cancellation) : IDistanceVisitor<int>
    {
        public int Visit<TDistance>()
            where TDistance : struct, IDistance =>
            builder.BuildGraph<RowBuildDistance<TDistance>, RowScorer<TDistance>>(
                new(builder._rows.Start, builder._rows.Stride), progress, cancellation);
    }
}
