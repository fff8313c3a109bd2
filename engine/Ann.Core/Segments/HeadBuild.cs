using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// The writer's side of a head: inserts rows into its graph, by the distances that <see cref="SegmentBuilder"/> would build by. Of what it
/// holds besides the graph, readers see only the codes of rows that are not tempered.
/// </summary>
/// <remarks>
/// <para>Codes need a mean and tempered norms a median before the rows are known. Both are taken of the rows that are there, again each
/// time that these have grown by a factor, and all rows are then encoded anew: a small share of what inserting them cost.</para>
/// <para>Whenever the rows have doubled, it is measured on the newest of them whether codes still tell the nearest; where they do not even
/// after a new mean, the head goes on without: rows are inserted and found by their own distances.</para>
/// </remarks>
internal sealed unsafe class HeadBuild : IDisposable
{
    /// <summary>A batch is at most this share of the nodes before it (ParlayANN §3).</summary>
    private const int BatchDivisor = 50;

    /// <summary>
    /// And never larger than this. One thread gains little by more, and where rows come cluster by cluster a large batch is a whole cluster
    /// of which no node saw another: of 65,536 rows in 65 clusters, sorted, recall@10 at ef 200 was 0.990 with 8,192 and 0.9997 with 16.
    /// </summary>
    private const int MaxBatch = 16;

    /// <summary>Growth at which means are taken again.</summary>
    private const int GrowthPerFix = 8;

    /// <summary>Fewer rows are told apart by any codes: the rerank looks at most of them.</summary>
    private const int LeastMeasured = 256;

    /// <summary>Rows that are queries when codes are measured: writes wait meanwhile.</summary>
    private const int MeasureQueries = 32;

    /// <summary>Components that each of them is compared with: some 20 ms in all.</summary>
    private const int MeasureBudget = 1 << 21;

    private readonly float* _rows;
    private readonly int _rowStride;
    private readonly int _dimension;
    private readonly HnswParameters _parameters;
    private readonly GrowingCodes? _codes;
    private readonly LazyBlock? _norms;
    private readonly HeadCopies _copies;
    private readonly Metric _metric;
    private readonly HnswGraph _graph;
    private readonly GrowingLinks _links;
    private IGraphInserter _inserter;
    private int[] _order = [];
    private double _median;
    private int _encoded;
    private int _nextFix = 1;
    private int _nextMeasure = LeastMeasured;

    /// <param name="shape">Of the head.</param>
    /// <param name="graph">Where to insert.</param>
    /// <param name="rows">First component of the first row.</param>
    /// <param name="copies">Is told every row: those that are copies get no links.</param>
    /// <param name="isDead">True for a node that was deleted.</param>
    public HeadBuild(HeadShape shape, HnswGraph graph, float* rows, HeadCopies copies, Predicate<int> isDead)
    {
        _rows = rows;
        _copies = copies;
        _rowStride = VectorTable.StrideOf(shape.Dimension);
        _dimension = shape.Dimension;
        _parameters = shape.Parameters;
        if (shape.Metric.Traits().TempersNorms)
            _norms = new LazyBlock((long)shape.Capacity * sizeof(TemperedNorm));
        if (BuildsOnCodes(shape))
            _codes = new GrowingCodes(shape.Capacity, shape.Dimension);
        _metric = shape.Metric;
        _graph = graph;
        _links = new GrowingLinks(graph.Count, graph.M0, leader => copies.AreDead(leader, isDead));
        _inserter = MakeInserter(onCodes: _codes is not null);
    }

    /// <summary>Codes of the rows themselves; null where there are none, or only of tempered rows.</summary>
    public GrowingCodes? RowCodes => _norms is null ? _codes : null;

    /// <summary>True when links follow exact distances, from the first row on.</summary>
    public bool IsOnRows => _codes is null;

    private TemperedNorm* Norms => _norms is null ? null : (TemperedNorm*)_norms.Start;

    /// <summary>Bytes that each row takes here.</summary>
    public static int BytesPerRow(HeadShape shape) =>
        (shape.Metric.Traits().TempersNorms ? sizeof(TemperedNorm) : 0)
        + (BuildsOnCodes(shape) ? GrowingCodes.BytesPerRow(shape.Dimension) : 0)
        + sizeof(int) // the last back link
        + GrowingLinks.BytesPerNode;

    /// <summary>Inserts the rows from one on up to another. Those before are in; row 0 is the entry point and needs nothing.</summary>
    public void Insert(int from, int to)
    {
        Encode(to);
        if (_order.Length < to - from)
            _order = new int[Math.Max(to - from, 2 * _order.Length)];
        int count = 0;
        for (int row = from; row < to; row++)
        {
            bool isCopy = _copies.Add(row);
            if (row > 0 && !isCopy)
                _order[count++] = row;
        }

        // Rows often come in an order, and nodes of one batch do not see each other: neighbours in the input are made strangers.
        Span<int> order = _order.AsSpan(0, count);
        HnswParameters parameters = _parameters;
        if (count > 1)
            order.Sort((a, b) => parameters.OrderOf(a).CompareTo(parameters.OrderOf(b)));

        for (int done = 0; done < count;)
        {
            int size = Math.Min(Math.Clamp((Math.Max(from, 1) + done) / BatchDivisor, 1, MaxBatch), count - done);
            _inserter.Insert(_order.AsMemory(done, size));
            done += size;
        }
    }

    public void Dispose()
    {
        _inserter.Dispose();
        _links.Dispose();
        _codes?.Dispose();
        _norms?.Dispose();
    }

    private static bool BuildsOnCodes(HeadShape shape) =>
        shape.Codes.AreCodes() && shape.Dimension >= CodeDistance.MinDimension;

    private IGraphInserter MakeInserter(bool onCodes) =>
        onCodes ? Of<CodeDistance, CodeScorer>(new(_codes!.Points, Norms))
        : _norms is null ? _metric.Dispatch<OnRows, IGraphInserter>(new(this))
        : Of<TemperedDistance, TemperedScorer>(new(_rows, _rowStride, Norms));

    private GraphInserter<TDistance, TScorer> Of<TDistance, TScorer>(TDistance distance)
        where TDistance : struct, IBuildDistance<TScorer>
        where TScorer : struct, INodeScorer => new(_graph, _parameters, distance, threads: 1, _links);

    /// <summary>Makes what the distances need of the rows up to one.</summary>
    private void Encode(int to)
    {
        if (_codes is null or { IsUnfit: true } && _norms is null)
            return;
        bool isFixed = to >= _nextFix;
        if (isFixed)
            BeginFix(to);
        EncodeNew(to);
        if (_codes is not { IsUnfit: false } codes || to < _nextMeasure)
            return;
        _nextMeasure = (int)Math.Min(2L * to, int.MaxValue);
        if (AreFit(codes, to))
            return;
        if (!isFixed)
        {
            BeginFix(to);
            EncodeNew(to);
            if (AreFit(codes, to))
                return;
        }
        codes.GiveUp();
        _inserter.Dispose();
        _inserter = MakeInserter(onCodes: false);
    }

    /// <summary>Takes means and medians anew; all rows up to one are then to be encoded.</summary>
    private void BeginFix(int to)
    {
        _nextFix = (int)Math.Min((long)to * GrowthPerFix, int.MaxValue);
        _encoded = 0;
        if (_norms is not null)
            _median = MedianOf(to);
    }

    private void EncodeNew(int to)
    {
        for (int row = _encoded; row < to && _norms is not null; row++)
            Norms[row] = TemperedNorm.Of(TemperedNorm.NormOf(Row(row), _rowStride), _median);
        if (_codes is { IsUnfit: false })
        {
            bool anew = _encoded == 0;
            if (anew)
            {
                _codes.BeginAnew();
                _codes.TakeMean(_rows, _rowStride, to, Norms);
            }
            for (int row = _encoded; row < to; row++)
                _codes.Encode(row, new ReadOnlySpan<float>(Row(row), _dimension), _norms is null ? 1 : Norms[row].Scale);
            if (anew)
                _codes.EndAnew();
        }
        _encoded = to;
    }

    private bool AreFit(GrowingCodes codes, int count)
    {
        int newest = (int)Math.Clamp(MeasureBudget / _rowStride, LeastMeasured, count);
        int first = count - newest;
        using VectorTable? tempered = _norms is null ? null : Tempered(first, newest);
        float* rows = tempered is null ? Row(first) : tempered.Start;
        Metric metric = tempered is null ? _metric : CodeDistance.Metric;
        CodesFidelity fidelity = new(rows, _rowStride, newest, metric, threads: 1, CancellationToken.None, MeasureQueries);
        return fidelity.Measure(new MeasuredCodes(codes, first), CancellationToken.None) is { IsFit: true, IsFitForLinks: true };
    }

    /// <summary>Rows as the codes of inner product stand for them.</summary>
    private VectorTable Tempered(int first, int count)
    {
        VectorTable tempered = new(count, _dimension);
        for (int row = 0; row < count; row++)
        {
            Span<float> values = tempered.Values(row);
            new ReadOnlySpan<float>(Row(first + row), _dimension).CopyTo(values);
            foreach (ref float value in values)
                value *= Norms[first + row].Scale;
        }
        return tempered;
    }

    private double MedianOf(int count)
    {
        float[] norms = new float[count];
        for (int row = 0; row < count; row++)
            norms[row] = TemperedNorm.NormOf(Row(row), _rowStride);
        return TemperedNorm.MedianOf(norms);
    }

    private float* Row(int row) => _rows + (long)row * _rowStride;

    private readonly struct OnRows(HeadBuild head) : IDistanceVisitor<IGraphInserter>
    {
        public IGraphInserter Visit<TDistance>()
            where TDistance : struct, IDistance =>
            head.Of<RowBuildDistance<TDistance>, RowScorer<TDistance>>(new(head._rows, head._rowStride));
    }
}
