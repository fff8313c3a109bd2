using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The block of a node in the fast layout: its links and, beside them, what estimates the neighbours' distances, so that a hop is one
/// sequential read.
/// </summary>
/// <remarks>
/// Links, one int a slot, padded to a multiple of <see cref="FastScan.Lanes"/> slots with <see cref="HnswGraph.NoNode"/>; then for each
/// group of 32 slots 32 addends and 32 weights as bfloat16; then for each group its transposed sign bits (<see cref="FastScan"/>).
/// </remarks>
/// <param name="Slots">2M on level 0, M above.</param>
/// <param name="Bits">Sign bits a neighbour, a multiple of <see cref="FastScan.BitsStep"/>.</param>
internal readonly record struct BlockShape(int Slots, int Bits)
{
    /// <summary>Bytes of the factors of one group.</summary>
    public const int FactorBytes = 2 * FastScan.Lanes * sizeof(ushort);

    /// <summary>Addend of a slot without a link: +infinity as bfloat16. Its weight is 0.</summary>
    public const ushort UnusedAddend = 0x7F80;

    private const int CacheLine = 64;

    /// <summary>Groups of 32 slots.</summary>
    public int Groups => (Slots + FastScan.Lanes - 1) / FastScan.Lanes;

    /// <summary>Where the factors of the first group begin, in bytes.</summary>
    public int FactorsOffset => Groups * FastScan.Lanes * sizeof(int);

    /// <summary>Where the sign bits of the first group begin, in bytes.</summary>
    public int CodesOffset => FactorsOffset + Groups * FactorBytes;

    /// <summary>Bytes of the sign bits of one group.</summary>
    public int CodeBytes => FastScan.CodeBytes(Bits);

    /// <summary>Bytes from one block to the next: a multiple of a cache line.</summary>
    public int Stride
    {
        get
        {
            Debug.Assert(Bits % FastScan.BitsStep == 0);
            return (CodesOffset + Groups * CodeBytes + CacheLine - 1) / CacheLine * CacheLine;
        }
    }
}
