using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Bench.Filters;

/// <summary>Makes the masks of the filters of each shape and share.</summary>
internal sealed class FilterMasks
{
    private const int HashStream = 72;

    private readonly Categories _categories;
    private readonly Metric _metric;
    private readonly double[] _hash;

    public FilterMasks(SealedSegment segment, Categories categories)
    {
        _categories = categories;
        _metric = segment.Metric;
        _hash = new double[segment.Count];
        for (int node = 0; node < _hash.Length; node++)
            _hash[node] = new RowRandom(1, HashStream, node).NextUniform();
    }

    /// <summary>The mask of one query.</summary>
    /// <param name="shape">How it lies to the query.</param>
    /// <param name="share">Of the nodes, 0 to 1.</param>
    /// <param name="query">As the caller has it.</param>
    public NodeMask Make(FilterShape shape, double share, ReadOnlySpan<float> query)
    {
        if (share >= 1)
            return Fill(static (_, _) => true);
        if (shape == FilterShape.Independent)
            return Fill((node, _) => _hash[node] < share);

        bool both = shape == FilterShape.Both;
        int[] order = both ? [.. Enumerable.Range(0, _categories.Count)] : _categories.Nearest(_metric, query);
        if (shape == FilterShape.Opposed)
            Array.Reverse(order);

        // Whole categories while there is room, then a part of the next by hash. An AND has room for the square root, and the hash again.
        double room = (both ? Math.Sqrt(share) : share) * _hash.Length;
        double[] parts = new double[_categories.Count];
        foreach (int category in order)
        {
            double part = Math.Clamp(room / Math.Max(1, _categories.SizeOf(category)), 0, 1);
            parts[category] = both && part > 0 ? share * _hash.Length : part;
            room -= _categories.SizeOf(category);
        }
        if (!both)
            return Fill((node, category) => _hash[node] < parts[category]);
        double chosen = 0;
        for (int category = 0; category < parts.Length; category++)
            chosen += parts[category] > 0 ? _categories.SizeOf(category) : 0;
        double rest = Math.Min(1, share * _hash.Length / Math.Max(1, chosen));
        return Fill((node, category) => parts[category] > 0 && _hash[node] < rest);
    }

    private NodeMask Fill(Func<int, int, bool> accepts)
    {
        NodeMask mask = new(_hash.Length, _hash.Length);
        Span<ulong> words = mask.Words;
        ReadOnlySpan<int> categories = _categories.OfNode;
        for (int node = 0; node < _hash.Length; node++)
            words[node >> 6] |= accepts(node, categories[node]) ? 1UL << node : 0;
        mask.Recount();
        return mask;
    }
}
