using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Segments;

namespace Ann.Tool.Evaluation;

/// <summary>True neighbours whose candidates a device chooses; the processor decides them in double.</summary>
/// <remarks>
/// <para>What is multiplied has one component more: the slack of a query and the length of a row. So a device's number is not a score but
/// the most that a score can be, whatever roundings made of it (<see cref="ScreenBounds"/>). The k and some more rows with the greatest
/// numbers of a block come back. They are decided from the greatest on, until one cannot be near enough: then neither can any row that did
/// not come back.</para>
/// <para>Where they end before that, some row may be missing, as among many copies. The query is then asked again of that block by
/// <see cref="TrueNeighbors"/>. So the answer is that of the processor, to the bit, unless a device is wrong beyond its bound.</para>
/// </remarks>
internal sealed class DeviceNeighbors : ITruthScan
{
    /// <summary>Rows beyond k that come back of a query and a block.</summary>
    private const int Margin = 64;

    private const int MostQueries = 8192;

    // Devices may flush what float32 calls subnormal, and sum in any order and in parts: twice the error that the processor may make.
    private const float LeastNumber = 1.17549435e-38f;
    private const double Doubt = 2;

    private readonly Metric _metric;
    private readonly VectorTable _queries;
    private readonly int _k;
    private readonly int _threads;
    private readonly int _columns;
    private readonly ScreenBounds _bounds;
    private readonly DeviceProducts _device;
    private readonly double[] _distances;
    private readonly int[] _rows;
    private readonly int[] _counts;
    private readonly float[] _packedQueries;
    private float[] _packed = [];
    private float[] _biases = [];
    private double[] _rawSquares = [];

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="queries">As of <see cref="TrueNeighbors"/>.</param>
    /// <param name="k">Neighbours of a query, 1 or more.</param>
    /// <param name="threads">Threads at most.</param>
    /// <param name="provider">As <see cref="DeviceProducts.Open"/> takes it.</param>
    /// <exception cref="AnnException">FailedPrecondition: there is no such provider.</exception>
    public DeviceNeighbors(Metric metric, VectorTable queries, int k, int threads, string provider)
    {
        _metric = metric;
        _queries = queries;
        _k = k;
        _threads = threads;
        _columns = queries.Dimension + 1;
        _device = DeviceProducts.Open(provider, _columns);
        _bounds = new ScreenBounds(metric, queries, LeastNumber, Doubt);
        _distances = new double[(long)queries.Count * k];
        _rows = new int[(long)queries.Count * k];
        _counts = new int[queries.Count];
        _packedQueries = new float[(long)queries.Count * _columns];
    }

    /// <summary>Pairs of a query and a block that were asked again of the processor.</summary>
    public long AskedAgain { get; private set; }

    /// <inheritdoc/>
    public void Scan(VectorTable rows, int count, int[] numbers, CancellationToken cancellation)
    {
        if (count == 0 || _queries.Count == 0)
            return;
        if (!_bounds.HasMiddle)
            Begin(rows, count, cancellation);
        Pack(rows, count, cancellation);
        int best = Math.Min(count, _k + Margin);
        int most = (int)Math.Clamp(DeviceProducts.MostProducts / count, 1, Math.Min(_queries.Count, MostQueries));
        float[] values = new float[(long)most * best];
        long[] places = new long[(long)most * best];
        bool[] again = new bool[_queries.Count];
        using (DeviceProducts.Block block = _device.Take(_packed, _biases, count))
        {
            for (int first = 0; first < _queries.Count; first += most)
            {
                cancellation.ThrowIfCancellationRequested();
                int asked = Math.Min(most, _queries.Count - first);
                block.Best(_packedQueries.AsSpan(first * _columns), asked, best, values, places);
                Candidates found = new(rows, count, numbers, first, best, values, places);
                ParallelBuild.For(asked, _threads, 16, (_, from, to) =>
                {
                    for (int i = from; i < to; i++)
                        again[found.First + i] = !Settle(found, i);
                }, cancellation);
            }
        }
        AskAgain(rows, count, numbers, again, cancellation);
    }

    /// <inheritdoc/>
    public int Result(int query, Span<int> rows, Span<double> distances)
    {
        int first = query * _k;
        _rows.AsSpan(first, _counts[query]).CopyTo(rows);
        _distances.AsSpan(first, _counts[query]).CopyTo(distances);
        NearestPairs all = new(distances[.._k], rows[.._k], _counts[query]);
        all.Sort();
        return all.Count;
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();

    private void Begin(VectorTable rows, int count, CancellationToken cancellation)
    {
        _bounds.FindMiddle(rows, count);
        ParallelBuild.For(_queries.Count, _threads, 256, (_, from, to) =>
        {
            for (int query = from; query < to; query++)
            {
                Span<float> packed = _packedQueries.AsSpan(query * _columns, _columns);
                _bounds.PrepareQuery(query, packed[..^1]);
                packed[^1] = _bounds.Slacks[query];
            }
        }, cancellation);
    }

    private void Pack(VectorTable rows, int count, CancellationToken cancellation)
    {
        if (_biases.Length < count)
        {
            _packed = new float[(long)count * _columns];
            _biases = new float[count];
            _rawSquares = new double[count];
        }
        ParallelBuild.For(count, _threads, 256, (_, from, to) =>
        {
            for (int row = from; row < to; row++)
            {
                Span<float> packed = _packed.AsSpan(row * _columns, _columns);
                _bounds.PrepareRow(rows.Values(row), packed[..^1], out _rawSquares[row], out packed[^1], out _biases[row]);
            }
        }, cancellation);
    }

    /// <summary>Decides the rows that came back for a query.</summary>
    /// <returns>False when others may be near enough too: nothing is kept then.</returns>
    private bool Settle(in Candidates found, int place)
    {
        int query = found.First + place;
        (double[] distances, int[] rows) = (new double[_k], new int[_k]);
        _distances.AsSpan(query * _k, _k).CopyTo(distances);
        _rows.AsSpan(query * _k, _k).CopyTo(rows);
        NearestPairs nearest = new(distances, rows, _counts[query]);
        bool isWhole = found.Best == found.Count;
        float before = float.PositiveInfinity;
        for (int i = place * found.Best; i < (place + 1) * found.Best; i++)
        {
            float most = found.Values[i];
            int row = (int)found.Places[i];
            if (!float.IsFinite(most) || most > before || (uint)row >= (uint)found.Count)
                return false;
            before = most;
            if (most < _bounds.FloorOf(query, nearest.Farthest))
            {
                isWhole = true;
                break;
            }
            nearest.Offer(_bounds.DistanceOf(query, found.Rows.Values(row), _rawSquares[row]), found.Numbers[row]);
        }
        if (!isWhole)
            return false;
        Keep(query, nearest.Count, distances, rows);
        return true;
    }

    private void Keep(int query, int count, ReadOnlySpan<double> distances, ReadOnlySpan<int> rows)
    {
        distances[.._k].CopyTo(_distances.AsSpan(query * _k));
        rows[.._k].CopyTo(_rows.AsSpan(query * _k));
        _counts[query] = count;
    }

    /// <summary>Asks the processor for the nearest rows of the block, for some queries.</summary>
    private void AskAgain(VectorTable rows, int count, int[] numbers, bool[] again, CancellationToken cancellation)
    {
        int[] asked = [.. Enumerable.Range(0, again.Length).Where(query => again[query])];
        if (asked.Length == 0)
            return;
        AskedAgain += asked.Length;
        using VectorTable queries = new(asked.Length, _queries.Dimension);
        for (int i = 0; i < asked.Length; i++)
            queries.Set(i, _queries.Values(asked[i]));
        using TrueNeighbors exact = new(_metric, queries, _k, _threads);
        exact.Scan(rows, count, numbers, cancellation);
        int[] found = new int[_k];
        double[] distances = new double[_k];
        for (int i = 0; i < asked.Length; i++)
        {
            int first = asked[i] * _k;
            int there = exact.Result(i, found, distances);
            NearestPairs nearest = new(_distances.AsSpan(first, _k), _rows.AsSpan(first, _k), _counts[asked[i]]);
            for (int j = 0; j < there; j++)
                nearest.Offer(distances[j], found[j]);
            _counts[asked[i]] = nearest.Count;
        }
    }

    /// <summary>What a run brought back.</summary>
    private readonly record struct Candidates(
        VectorTable Rows, int Count, int[] Numbers, int First, int Best, float[] Values, long[] Places);
}
