using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// The true k nearest rows of many queries, in double precision, ties by row. Rows are given block by block, so that a base may be larger
/// than memory.
/// </summary>
/// <remarks>
/// <para>Products in float32 of packed tiles (<see cref="ProductTile"/>) screen the rows: what they may be wrong by is bounded, and each
/// row that may be among the k nearest within that bound waits (<see cref="UndecidedRows"/>) until others rule it out, or has its distance
/// computed in double. So the answer does not depend on float32, on threads, on the order of rows or on the register width.</para>
/// </remarks>
internal sealed unsafe class TrueNeighbors : ITruthScan
{
    /// <summary>Bytes of packed queries that one piece of work keeps in its second-level cache.</summary>
    private const int GroupBytes = 512 << 10;

    private const int LeastTiles = 4, MostTiles = 32;
    private const int MostComponents = 320;
    private const double Rounding = ScreenBounds.Rounding;

    private readonly ScreenBounds _bounds;
    private readonly MetricTraits _traits;
    private readonly VectorTable _queries;
    private readonly int _k;
    private readonly int _threads;
    private readonly int _dimension;
    private readonly double[] _querySquares;
    private readonly float[] _slacks;
    private readonly int _group;
    private readonly int _lanes;
    private readonly Kept[] _kept;
    private readonly float[] _floors;
    private readonly UndecidedRows?[] _undecided;
    private readonly VectorTable _packedQueries;
    private readonly VectorTable _scratch;
    private PackedRows? _rows;

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="queries">As they were given, each checked by <see cref="RowPreparation.Check"/>. Must outlive this object.</param>
    /// <param name="k">Neighbours of a query, 1 or more.</param>
    /// <param name="threads">Threads at most.</param>
    public TrueNeighbors(Metric metric, VectorTable queries, int k, int threads)
    {
        _bounds = new ScreenBounds(metric, queries);
        _traits = metric.Traits();
        _queries = queries;
        _k = k;
        _threads = threads;
        _dimension = queries.Dimension;
        _querySquares = _bounds.Squares;
        _slacks = _bounds.Slacks;

        // Four pieces of work a thread, so that all end at about the same time. Parts of the rows (lanes) are the second choice: each of
        // them has k nearest rows of its own to find.
        int most = Math.Clamp(GroupBytes / (ProductTile.Queries * _dimension * sizeof(float)), LeastTiles, MostTiles);
        int all = (queries.Count + ProductTile.Queries - 1) / ProductTile.Queries;
        int tiles = threads == 1 ? most : Math.Clamp((all + (4 * threads) - 1) / (4 * threads), LeastTiles, most);
        _group = tiles * ProductTile.Queries;
        int groups = Math.Max(1, (queries.Count + _group - 1) / _group);
        _lanes = threads == 1 || groups >= 4 * threads ? 1 : ((4 * threads) + groups - 1) / groups;
        _kept = new Kept[_lanes];
        for (int lane = 0; lane < _lanes; lane++)
            _kept[lane] = new Kept(queries.Count, k);
        _floors = new float[queries.Count];
        Array.Fill(_floors, float.NegativeInfinity);
        _undecided = new UndecidedRows?[threads];
        _packedQueries = new VectorTable(groups * tiles * ProductTile.Queries, _dimension);
        _scratch = new VectorTable(threads * ProductTile.Rows, _dimension);
    }

    /// <summary>Rows that a block should have at most: some 32 MiB.</summary>
    public static int BlockRowsOf(int dimension) => Math.Max(256, (32 << 20) / (VectorTable.StrideOf(dimension) * sizeof(float)));

    /// <inheritdoc/>
    public void Scan(VectorTable rows, int count, int[] numbers, CancellationToken cancellation)
    {
        Debug.Assert(rows.Dimension == _dimension);
        Debug.Assert(count <= rows.Count && count <= numbers.Length);
        if (count == 0 || _queries.Count == 0)
            return;
        if (!_bounds.HasMiddle)
            Begin(rows, count);
        int panels = (count + ProductTile.Rows - 1) / ProductTile.Rows;
        if (_rows is null || _rows.Panels < panels)
        {
            _rows?.Dispose();
            _rows = null;
            _rows = new PackedRows(panels, _dimension);
        }
        ParallelBuild.For(panels, _threads, 4, (worker, from, to) => Pack(rows, count, worker, from, to), cancellation);

        int groups = (_queries.Count + _group - 1) / _group;
        int lanes = Math.Min(_lanes, panels);
        ParallelBuild.For(groups * lanes, _threads, 1, (worker, from, to) =>
        {
            for (int number = from; number < to; number++)
            {
                int lane = number % lanes;
                int first = (int)((long)panels * lane / lanes);
                int end = (int)((long)panels * (lane + 1) / lanes);
                UndecidedRows undecided = _undecided[worker] ??= new UndecidedRows(_group, _k);
                ScanGroup(new Piece(rows, count, numbers, number / lanes * _group, undecided, _kept[lane]), first, end);
            }
        }, cancellation);
    }

    /// <inheritdoc/>
    public int Result(int query, Span<int> rows, Span<double> distances)
    {
        NearestPairs all = new(distances[.._k], rows[.._k], 0);
        foreach (Kept kept in _kept)
            for (int i = 0; i < kept.Counts[query]; i++)
                all.Offer(kept.Distances[((long)query * _k) + i], kept.Rows[((long)query * _k) + i]);
        all.Sort();
        return all.Count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packedQueries.Dispose();
        _scratch.Dispose();
        _rows?.Dispose();
    }

    /// <summary>Finds the middle, and packs the queries.</summary>
    private void Begin(VectorTable rows, int count)
    {
        _bounds.FindMiddle(rows, count);
        using VectorTable tile = new(ProductTile.Queries, _dimension);
        for (int first = 0; first < _queries.Count; first += tile.Count)
        {
            int width = Math.Min(tile.Count, _queries.Count - first);
            for (int i = 0; i < width; i++)
                _bounds.PrepareQuery(first + i, tile.Values(i));
            ProductPanels.Pack(tile.Start, width, tile.Stride, _dimension, tile.Count, PanelOfQueries(first));
        }
    }

    private float* PanelOfQueries(int first) => _packedQueries.Start + ((long)first * _dimension);

    private void Pack(VectorTable rows, int count, int worker, int fromPanel, int toPanel)
    {
        PackedRows packed = _rows!;
        int width = ProductTile.Rows;
        for (int panel = fromPanel; panel < toPanel; panel++)
        {
            int first = panel * width;
            int filled = Math.Min(width, count - first);
            for (int i = 0; i < filled; i++)
            {
                _bounds.PrepareRow(
                    rows.Values(first + i), _scratch.Values((worker * width) + i), out packed.RawSquares[first + i],
                    out packed.Lengths.Start[first + i], out packed.Biases.Start[first + i]);
            }
            ProductPanels.Pack(_scratch.Row(worker * width), filled, _scratch.Stride, _dimension, width, packed.Panel(panel));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanGroup(Piece piece, int fromPanel, int toPanel)
    {
        PackedRows packed = _rows!;
        int firstQuery = piece.FirstQuery;
        (int width, int height) = (ProductTile.Rows, ProductTile.Queries);
        int endQuery = Math.Min(firstQuery + _group, _queries.Count);
        // Components go by in parts, whose panel of rows stays in the first-level cache while all queries pass.
        int parts = (_dimension + MostComponents - 1) / MostComponents;
        int part = (_dimension + parts - 1) / parts;
        using VectorTable products = new(_group / height, ProductTile.MostProducts);
        float[] floors = new float[_group];
        for (int query = firstQuery; query < endQuery; query++)
        {
            floors[query - firstQuery] = Math.Max(
                Volatile.Read(ref _floors[query]), _bounds.FloorOf(query, piece.Kept.FarthestOf(query, _k)));
        }
        piece.Undecided.Clear();
        for (int panel = fromPanel; panel < toPanel; panel++)
        {
            int first = panel * width;
            uint there = uint.MaxValue >> (32 - Math.Min(width, piece.Count - first));
            float* lengths = packed.Lengths.Start + first;
            float* biases = packed.Biases.Start + first;
            for (int from = 0; from < _dimension; from += part)
            {
                int length = Math.Min(part, _dimension - from);
                bool isLast = from + length == _dimension;
                for (int tile = firstQuery; tile < endQuery; tile += height)
                {
                    float* sums = products.Row(parts == 1 ? 0 : (tile - firstQuery) / height);
                    float* panelOfRows = packed.Panel(panel) + ((long)from * width);
                    ProductTile.Multiply(PanelOfQueries(tile) + ((long)from * height), panelOfRows, length, sums, continues: from > 0);
                    int end = isLast ? Math.Min(tile + height, endQuery) : tile;
                    for (int query = tile; query < end; query++, sums += width)
                    {
                        ref float floor = ref floors[query - firstQuery];
                        uint passing = there & ProductScreen.Passing(sums, lengths, biases, _slacks[query], floor);
                        if (passing != 0)
                            Take(piece, query, sums, first, passing, ref floor);
                    }
                }
            }
        }
        for (int query = firstQuery; query < endQuery; query++)
        {
            float floor = Math.Max(floors[query - firstQuery], Settle(piece, query));
            Volatile.Write(ref _floors[query], Math.Max(floor, Volatile.Read(ref _floors[query])));
        }
    }

    /// <summary>Notes rows that may be near enough; where there are too many, rules some of them out.</summary>
    private void Take(Piece piece, int query, float* products, int first, uint passing, ref float floor)
    {
        PackedRows packed = _rows!;
        int place = query - piece.FirstQuery;
        for (; passing != 0; passing &= passing - 1)
        {
            int lane = BitOperations.TrailingZeroCount(passing);
            (float length, float bias) = (packed.Lengths.Start[first + lane], packed.Biases.Start[first + lane]);
            (float score, float distance) = MostOf(query, products[lane], length, bias);
            if (piece.Undecided.Add(place, first + lane, score, distance))
                continue;
            floor = Math.Max(floor, _bounds.FloorOf(query, piece.Undecided.FarthestOf(place, piece.Kept.DistancesOf(query, _k))));
            if (!piece.Undecided.Thin(place, floor))
                floor = Math.Max(floor, Decide(piece, query));
        }
    }

    /// <summary>The most that the score and the distance of a row can be, whatever roundings made of its product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (float Score, float Distance) MostOf(int query, float product, float length, float bias)
    {
        if (!float.IsFinite(product))
            return (float.PositiveInfinity, float.PositiveInfinity);
        double wrong = ((double)_slacks[query] * length * (1 + (2 * Rounding))) + _bounds.Absolute;
        double squares = _querySquares[query];
        double distance = _traits.IsSquared
            ? (squares * (1 + (16 * Rounding))) - (2.0 * bias * (1 + (40 * Rounding))) + (2 * (wrong - product))
            : wrong - product + (8 * Rounding * Math.Abs(product));
        float score = product + (_slacks[query] * length) + bias;
        return (float.IsNaN(score) ? float.PositiveInfinity : MathF.BitIncrement(score), ScreenBounds.Up(distance));
    }

    /// <summary>Rules out what can be ruled out, and decides the rest.</summary>
    /// <returns>The query's floor afterwards.</returns>
    private float Settle(Piece piece, int query)
    {
        int place = query - piece.FirstQuery;
        float floor = _bounds.FloorOf(query, piece.Undecided.FarthestOf(place, piece.Kept.DistancesOf(query, _k)));
        _ = piece.Undecided.Thin(place, Math.Max(floor, Volatile.Read(ref _floors[query])));
        return Decide(piece, query);
    }

    /// <summary>Computes the distances of the rows that are undecided.</summary>
    /// <returns>The query's floor afterwards.</returns>
    private float Decide(Piece piece, int query)
    {
        int place = query - piece.FirstQuery;
        NearestPairs nearest = piece.Kept.Of(query, _k);
        foreach (int row in piece.Undecided.Of(place))
            nearest.Offer(_bounds.DistanceOf(query, piece.Rows.Values(row), _rows!.RawSquares[row]), piece.Numbers[row]);
        piece.Kept.Counts[query] = nearest.Count;
        piece.Undecided.Forget(place);
        return _bounds.FloorOf(query, nearest.Farthest);
    }

    /// <summary>What a piece of work looks at.</summary>
    private sealed record Piece(VectorTable Rows, int Count, int[] Numbers, int FirstQuery, UndecidedRows Undecided, Kept Kept);

    /// <summary>The nearest of some of the rows, query after query.</summary>
    private sealed class Kept(int queries, int k)
    {
        public double[] Distances { get; } = new double[(long)queries * k];

        public int[] Rows { get; } = new int[(long)queries * k];

        public int[] Counts { get; } = new int[queries];

        public NearestPairs Of(int query, int k) => new(
            Distances.AsSpan(query * k, k), Rows.AsSpan(query * k, k), Counts[query]);

        public ReadOnlySpan<double> DistancesOf(int query, int k) => Distances.AsSpan(query * k, Counts[query]);

        public double FarthestOf(int query, int k) => Of(query, k).Farthest;
    }

    /// <summary>A block of rows as they are multiplied.</summary>
    private sealed class PackedRows(int panels, int dimension) : IDisposable
    {
        private readonly NativeBlock _values = new((long)panels * ProductTile.Rows * dimension * sizeof(float));

        public int Panels => panels;

        public double[] RawSquares { get; } = new double[panels * ProductTile.Rows];

        public VectorTable Lengths { get; } = new(1, panels * ProductTile.Rows);

        public VectorTable Biases { get; } = new(1, panels * ProductTile.Rows);

        public float* Panel(int panel) => (float*)_values.Start + ((long)panel * ProductTile.Rows * dimension);

        public void Dispose()
        {
            _values.Dispose();
            Lengths.Dispose();
            Biases.Dispose();
        }
    }
}
