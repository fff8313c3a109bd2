using System.Buffers;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Numbers in a serialised Roaring bitmap, read where they lie. Made by <see cref="Read"/>, which checks every byte.</summary>
internal sealed class RoaringKeys : ExcludedKeys
{
    private const int ContainerNumbers = 1 << 16;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly RoaringContainer[] _containers;
    private readonly ulong[] _highs;
    private readonly ulong _cardinality;

    private RoaringKeys(ReadOnlyMemory<byte> bytes, RoaringContainer[] containers, ulong cardinality)
    {
        _bytes = bytes;
        _containers = containers;
        _highs = Array.ConvertAll(containers, static container => container.High);
        _cardinality = cardinality;
    }

    /// <remarks>At most <see cref="int.MaxValue"/>: runs hold any number of numbers in a few bytes.</remarks>
    public override int Count => (int)Math.Min(int.MaxValue, _cardinality);

    /// <inheritdoc cref="Exclusion.OfRoaring"/>
    public static RoaringKeys Read(ReadOnlyMemory<byte> bytes, bool is64)
    {
        if (bytes.Length > Exclusion.MaxRoaringBytes)
        {
            throw AnnException.Invalid(
                RoaringReader.Field,
                $"{RoaringReader.Field} takes {bytes.Length} bytes; it must be at most {Exclusion.MaxRoaringBytes}.");
        }
        RoaringContainer[] containers = RoaringReader.Read(bytes.Span, is64, out ulong cardinality);
        return new RoaringKeys(bytes, containers, cardinality);
    }

    public override bool Contains(in ItemKey key)
    {
        if (key.Kind != KeyKind.UInt64)
            return false;
        int place = Array.BinarySearch(_highs, key.Number >> 16);
        return place >= 0 && _containers[place].Contains(_bytes.Span, (ushort)key.Number);
    }

    internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget)
    {
        if (MaskRemoval.NodesAreFewer(mask, Count))
            return MaskRemoval.ByNodes(segment, mask, this, in budget);
        ulong[] numbers = ArrayPool<ulong>.Shared.Rent(ContainerNumbers);
        try
        {
            int used = 0;
            foreach (RoaringContainer container in _containers)
            {
                // Small containers are looked up together.
                if (used + (container.Kind == RoaringKind.Array ? container.Count : ContainerNumbers) > ContainerNumbers)
                {
                    StopReason stopped = MaskRemoval.ByKeys(segment, at, mask, new KeySpan(numbers.AsSpan(0, used)), in budget);
                    if (stopped != StopReason.None)
                        return stopped;
                    used = 0;
                }
                used += container.CopyTo(_bytes.Span, numbers.AsSpan(used));
            }
            return MaskRemoval.ByKeys(segment, at, mask, new KeySpan(numbers.AsSpan(0, used)), in budget);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(numbers);
        }
    }
}
