using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// Writes what estimates the distances of a node's neighbours: the signs of their rotated differences from the node, and two factors each
/// (RaBitQ: Gao &amp; Long, SIGMOD 2024; taken around the node as in SymphonyQG: Gou et al., SIGMOD 2025).
/// </summary>
/// <remarks>
/// With r = v − u, P the rotation, b = ±1/√B the signs of the first B components of P·r, and β = ⟨b, P·r⟩/|r|, the inner product of any x
/// with r is about (|r|/β)·⟨b, P·x⟩, with an error of about |x|·|r|·√(1 − β²)/(β·√(D − 1)). For L2 x = q − u and
/// |q − v|² = |q − u|² + |r|² − 2⟨q − u, r⟩; what does not depend on the query is the addend, what stands before Σ ±(P·q)ᵢ the weight.
/// Cosine is half of that, since −⟨q, v⟩ = |q − v|²/2 − 1 between unit vectors. Inner product takes x = q: −⟨q, v⟩ = −⟨q, u⟩ − ⟨q, r⟩.
/// </remarks>
internal sealed unsafe class EstimateEncoder : IDisposable
{
    private readonly VectorTable _rows;
    private readonly Metric _metric;
    private readonly float* _mean;
    private readonly Rotation _rotation;
    private readonly NativeBlock _scratch;

    /// <param name="rows">Prepared rows.</param>
    /// <param name="metric">Of the index.</param>
    /// <param name="mean">Of the rows, padded: differences from it keep the numbers small.</param>
    public EstimateEncoder(VectorTable rows, Metric metric, float* mean)
    {
        _rows = rows;
        _metric = metric;
        _mean = mean;
        _rotation = new Rotation(rows.Dimension);
        _scratch = new NativeBlock(2L * _rotation.Size * sizeof(float));
    }

    /// <summary>Fills the factors and codes of a block, whose links are there.</summary>
    public void Encode(int node, BlockShape shape, byte* block)
    {
        float* origin = (float*)_scratch.Start;
        float* difference = origin + _rotation.Size;
        Subtract(origin, _rows.Row(node), _mean);
        _rotation.Apply(origin);

        int* links = (int*)block;
        for (int slot = 0; slot < shape.Groups * FastScan.Lanes; slot++)
        {
            int group = slot / FastScan.Lanes;
            int lane = slot % FastScan.Lanes;
            ushort* factors = (ushort*)(block + shape.FactorsOffset + group * BlockShape.FactorBytes) + lane;
            byte* codes = block + shape.CodesOffset + group * shape.CodeBytes + lane;
            if (links[slot] == HnswGraph.NoNode)
            {
                (factors[0], factors[FastScan.Lanes]) = (BlockShape.UnusedAddend, 0);
                continue;
            }
            Subtract(difference, _rows.Row(links[slot]), _rows.Row(node));
            double squares = 0;
            for (int i = 0; i < _rows.Dimension; i++)
                squares += (double)difference[i] * difference[i];
            _rotation.Apply(difference);
            (float addend, float weight) = Factors(origin, difference, squares, shape.Bits);
            (factors[0], factors[FastScan.Lanes]) = (ToBFloat16(addend), ToBFloat16(weight));
            for (int quads = 0; quads < shape.Bits / 4; quads += 2)
                codes[quads / 2 * FastScan.Lanes] = Signs(difference + quads * 4);
        }
    }

    public void Dispose()
    {
        _rotation.Dispose();
        _scratch.Dispose();
    }

    private (float Addend, float Weight) Factors(float* origin, float* difference, double squares, int bits)
    {
        double magnitudes = 0;
        double along = 0;
        for (int i = 0; i < bits; i++)
        {
            magnitudes += Math.Abs(difference[i]);
            along += difference[i] < 0 ? -origin[i] : origin[i];
        }
        double ratio = magnitudes > 0 ? squares / magnitudes : 0; // |r|/(β·√B)
        if (!double.IsFinite(ratio))
            ratio = 0;
        return _metric switch
        {
            Metric.L2 => ((float)(squares + 2 * ratio * along), (float)(-2 * ratio)),
            Metric.Cosine => ((float)(squares / 2 + ratio * along), (float)-ratio),
            _ => (0, (float)-ratio),
        };
    }

    private void Subtract(float* target, float* from, float* what)
    {
        for (int i = 0; i < _rows.Dimension; i++)
            target[i] = from[i] - what[i];
        new Span<float>(target + _rows.Dimension, _rotation.Size - _rows.Dimension).Clear();
    }

    private static byte Signs(float* values)
    {
        int signs = 0;
        for (int i = 0; i < 8; i++)
            signs |= values[i] < 0 ? 0 : 1 << i;
        return (byte)signs;
    }

    /// <summary>Rounds to nearest; keeps infinity.</summary>
    private static ushort ToBFloat16(float value)
    {
        Debug.Assert(!float.IsNaN(value));
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsInfinity(value) ? (ushort)(bits >> 16) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
