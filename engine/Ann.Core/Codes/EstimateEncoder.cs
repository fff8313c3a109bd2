using System.Diagnostics;
using System.Runtime.CompilerServices;
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
/// <para>Addend and weight are rounded, and both parts are about |r|·|u − μ|: where that dwarfs |r|², as among near-identical rows far from
/// the mean, the addend is made for the weight as rounded, and rounded down: a neighbour is then never told farther than it is for
/// that.</para>
/// </remarks>
internal sealed unsafe class EstimateEncoder : IDisposable
{
    /// <summary>Rounding of an addend, as a share of |r|², from which on it is bounded instead of being taken as noise.</summary>
    private const float MostRounding = 1f / 16;

    /// <summary>Half a unit in the last place of a bfloat16, as a share of the number.</summary>
    private const float BFloat16Rounding = 1f / 256;

    private readonly VectorTable _rows;
    private readonly MetricTraits _traits;
    private readonly float* _mean;
    private readonly RotatedRows? _rotated;
    private readonly Rotation _rotation;
    private readonly NativeBlock _scratch;

    /// <param name="rows">Prepared rows.</param>
    /// <param name="metric">Of the index.</param>
    /// <param name="mean">Of the rows, padded: differences from it keep the numbers small.</param>
    /// <param name="rotated">The same rows, rotated; null rotates for every link.</param>
    public EstimateEncoder(VectorTable rows, Metric metric, float* mean, RotatedRows? rotated)
    {
        _rotated = rotated;
        _rows = rows;
        _traits = metric.Traits();
        _mean = mean;
        _rotation = new Rotation(rows.Dimension);
        _scratch = new NativeBlock(2L * _rotation.Size * sizeof(float));
    }

    /// <summary>Fills the factors and codes of a block, whose links are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(int node, BlockShape shape, byte* block)
    {
        float* row = _rows.Row(node);
        float* origin = (float*)_scratch.Start;
        float* difference = origin + _rotation.Size;
        float away = QueryQuantisation.SquaredDifference(row, _mean, _rows.Stride);
        if (_rotated is null)
            RotateDifference(origin, row, _mean);
        else
            origin = _rotated.Row(node);

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
            float* neighbor = _rows.Row(links[slot]);
            float squares = QueryQuantisation.SquaredDifference(neighbor, row, _rows.Stride);
            if (_rotated is null || RotatedRows.IsNear(squares, away))
                RotateDifference(difference, neighbor, row);
            else
                QueryQuantisation.Subtract(difference, _rotated.Row(links[slot]), origin, shape.Bits);
            (float magnitudes, float along) = SignCodes.Encode(difference, origin, shape.Bits, codes);
            (float addend, float weight) = Factors(squares, magnitudes, along);
            if (MathF.Abs(addend) * BFloat16Rounding <= MostRounding * squares || !float.IsFinite(addend) || weight == 0)
            {
                (factors[0], factors[FastScan.Lanes]) = (ToBFloat16(addend), ToBFloat16(weight));
                continue;
            }
            ushort rounded = ToBFloat16(weight);
            addend = squares / _traits.SquaresPerDistance - BitConverter.UInt32BitsToSingle((uint)rounded << 16) * along;
            (factors[0], factors[FastScan.Lanes]) = (DownToBFloat16(addend), rounded);
        }
    }

    public void Dispose()
    {
        _rotation.Dispose();
        _scratch.Dispose();
    }

    private (float Addend, float Weight) Factors(float squares, float magnitudes, float along)
    {
        float ratio = squares / magnitudes; // |r|/(β·√B)
        if (!float.IsFinite(ratio)) // r is zero, or so small that it carries no order
            return (0, 0);
        float perDistance = _traits.SquaresPerDistance;
        float addend = perDistance == 0 ? 0 : squares / perDistance - _traits.DotWeight * ratio * along;
        // A row too long for the estimate's float32 is always scored by its code.
        return float.IsFinite(addend)
            ? (addend, _traits.DotWeight * ratio)
            : (float.NegativeInfinity, 0);
    }

    private void RotateDifference(float* target, float* from, float* what)
    {
        QueryQuantisation.Subtract(target, from, what, _rows.Stride);
        new Span<float>(target + _rows.Stride, _rotation.Size - _rows.Stride).Clear();
        _rotation.Apply(target);
    }

    /// <summary>The largest bfloat16 that is not larger.</summary>
    private static ushort DownToBFloat16(float value)
    {
        Debug.Assert(!float.IsNaN(value));
        uint bits = BitConverter.SingleToUInt32Bits(value);
        bool awayFromZero = value < 0 && (bits & 0xFFFF) != 0 && !float.IsInfinity(value);
        return (ushort)((bits >> 16) + (awayFromZero ? 1u : 0));
    }

    /// <summary>Rounds to nearest; keeps infinity.</summary>
    private static ushort ToBFloat16(float value)
    {
        Debug.Assert(!float.IsNaN(value));
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsInfinity(value) ? (ushort)(bits >> 16) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
