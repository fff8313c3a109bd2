using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Tests.Codes;

/// <summary>The encoded block of node 0, whose neighbours are nodes 1 and on, and a query that looks at it.</summary>
internal sealed unsafe class BlockOfRows : IDisposable
{
    private readonly Metric _metric;
    private readonly VectorTable _rows;
    private readonly VectorTable _query; // the query and the mean
    private readonly BlockShape _shape;
    private readonly NativeBlock _block;
    private readonly int _links;
    private readonly double[] _beta;
    private EstimateTables? _tables;
    private EstimateQuery _estimate;

    public BlockOfRows(Metric metric, float[][] rows, int links, int slots = 0)
    {
        _metric = metric;
        _links = links;
        int dimension = rows[0].Length;
        _rows = new VectorTable(rows.Length, dimension);
        _query = new VectorTable(2, dimension);
        for (int row = 0; row < rows.Length; row++)
        {
            RowPreparation.Prepare(metric, rows[row], _rows.Values(row), "rows", row);
            for (int i = 0; i < dimension; i++)
                _query.Values(1)[i] += _rows.Values(row)[i] / rows.Length;
        }
        _shape = new BlockShape(Math.Max(slots, links), EstimateTables.BitsOf(dimension));
        _block = new NativeBlock(_shape.Stride);
        Span<int> all = new(_block.Start, _shape.Groups * FastScan.Lanes);
        all.Fill(HnswGraph.NoNode);
        for (int slot = 0; slot < links; slot++)
            all[slot] = slot + 1;
        using RotatedRows? rotated = RotatedRows.Of(_rows, _query.Row(1), threads: 1, CancellationToken.None);
        using EstimateEncoder encoder = new(_rows, metric, _query.Row(1), rotated);
        encoder.Encode(0, _shape, _block.Start);
        _beta = [.. Enumerable.Range(1, links).Select(Beta)];
    }

    /// <summary>Distance of the query to node 0 as codes would give it: without the term that is the same for every row.</summary>
    public float DistanceOfNode => (float)Exact(0);

    public void Use(float[] query)
    {
        RowPreparation.Prepare(_metric, query, _query.Values(0), "query", 0);
        _tables ??= new EstimateTables(_rows.Dimension, _shape.Bits);
        _estimate = _tables.Prepare(_metric, _query.Row(0), _query.Row(1));
    }

    /// <summary>Lanes of a group that may be nearer than a limit.</summary>
    public uint Below(int group, float limit) => _estimate.MayBeBelow(
        _block.Start + _shape.CodesOffset + group * _shape.CodeBytes,
        (ushort*)(_block.Start + _shape.FactorsOffset + group * BlockShape.FactorBytes), DistanceOfNode, limit);

    /// <summary>What is compared to a limit, of every neighbour: its estimate less the margin that is granted.</summary>
    public double[] LeastDistances(float[] query)
    {
        Use(query);
        return [.. Enumerable.Range(0, _links).Select(Threshold)];
    }

    /// <summary>Distance of the query to a node, by plain loops, without the term that is the same for every row.</summary>
    public double Exact(int node)
    {
        ReadOnlySpan<float> query = _query.Values(0), mean = _query.Values(1), row = _rows.Values(node);
        double sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            sum += _metric == Metric.L2
                ? Math.Pow((double)query[i] - row[i], 2) - Math.Pow((double)query[i] - mean[i], 2)
                : -(double)query[i] * ((double)row[i] - mean[i]);
        }
        return sum;
    }

    /// <summary>|x|·|r|·√(1 − β²)/(β·√(D − 1)), twice that for L2, of the neighbour in a slot.</summary>
    public double StandardError(int slot)
    {
        ReadOnlySpan<float> query = _query.Values(0), node = _rows.Values(0), neighbour = _rows.Values(slot + 1);
        double x = 0, r = 0;
        for (int i = 0; i < node.Length; i++)
        {
            x += Math.Pow(_metric == Metric.InnerProduct ? query[i] : (double)query[i] - node[i], 2);
            r += Math.Pow((double)neighbour[i] - node[i], 2);
        }
        double beta = _beta[slot];
        double error = Math.Sqrt(x * r * (1 - beta * beta) / (Rotation.SizeOf(node.Length) - 1)) / beta;
        return _metric == Metric.L2 ? 2 * error : error;
    }

    public void Dispose()
    {
        _rows.Dispose();
        _query.Dispose();
        _block.Dispose();
        _tables?.Dispose();
    }

    /// <summary>The largest limit that a neighbour does not pass: its estimate less its margin.</summary>
    private double Threshold(int slot)
    {
        (int group, int lane) = (slot / FastScan.Lanes, slot % FastScan.Lanes);
        (double low, double high) = (-1e4, 1e4);
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if ((Below(group, (float)middle) >> lane & 1) == 0)
                low = middle;
            else
                high = middle;
        }
        return low;
    }

    private double Beta(int node)
    {
        using Rotation rotation = new(_rows.Dimension);
        using VectorTable difference = new(1, rotation.Size);
        for (int i = 0; i < _rows.Dimension; i++)
            difference.Values(0)[i] = _rows.Values(node)[i] - _rows.Values(0)[i];
        double squares = difference.Values(0).ToArray().Sum(x => (double)x * x);
        rotation.Apply(difference.Row(0));
        double magnitudes = difference.Values(0)[.._shape.Bits].ToArray().Sum(x => Math.Abs((double)x));
        return magnitudes / Math.Sqrt(_shape.Bits * squares);
    }
}
