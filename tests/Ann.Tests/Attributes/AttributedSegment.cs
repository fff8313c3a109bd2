using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Attributes;

/// <summary>Nodes with keys and attributes, and nothing to search.</summary>
/// <param name="keys">Of the nodes.</param>
/// <param name="attributes">Null for none.</param>
/// <param name="cacheBytes">For masks; 0 for none, as a head.</param>
internal sealed class AttributedSegment(KeyColumn keys, AttributeTable? attributes, long cacheBytes = 0) : LiveSegment
{
    private readonly Dictionary<string, int> _nodes =
        Enumerable.Range(0, keys.Count).ToDictionary(keys.Format, static node => node, StringComparer.Ordinal);

    public ReadPoint Now { get; set; } = ReadPoint.All with { Rows = keys.Count };

    public override Metric Metric => Metric.L2;

    public override int Dimension => 4;

    public override KeyKind KeyKind => keys.Kind;

    public override int Count => keys.Count;

    public override long MemoryBytes => MaskBytes;

    internal override AttributeTable? Attributes => attributes;

    internal override Tombstones Dead { get; } = new(keys.Count);

    internal override ReadPoint Published => Now;

    private protected override long MaskCacheBytes => cacheBytes;

    public static KeyColumn TextKeys(int count)
    {
        KeyColumn keys = new(KeyKind.String);
        for (int i = 0; i < count; i++)
            keys.Add($"k{i}");
        return keys;
    }

    /// <summary>The nodes that a filter takes.</summary>
    public HashSet<int> Evaluate(Filter filter)
    {
        BoundFilter bound = BoundFilter.Bind(filter, Attributes?.Schema ?? AttributeSchema.Empty, KeyKind);
        SegmentNodes nodes = new(Attributes, this, Now);
        ulong[] words = new ulong[(Now.Rows + 63) / 64];
        Array.Fill(words, 0x5555_5555_5555_5555UL);
        Assert.Equal(StopReason.None, FilterEvaluation.Run(bound, in nodes, Now.Rows, SearchBudget.Unlimited, words));
        return [.. Enumerable.Range(0, words.Length * 64).Where(node => (words[node / 64] >> node & 1) != 0)];
    }

    internal override int FindNewest(in ItemKey key) => Find(in key, ReadPoint.All);

    internal override int Find(in ItemKey key, ReadPoint at) =>
        _nodes.TryGetValue(key.ToString(), out int node) && node < at.Rows && !Dead.IsDead(node, at.Sequence) ? node : -1;

    internal override ItemKey KeyOf(int node) => keys.KeyAt(node);

    internal override ReadOnlySpan<float> Row(int node) => new float[4];

    private protected override SegmentSearcher Searcher => throw new NotSupportedException();

    private protected override SegmentSight SightAt(ReadPoint at) => throw new NotSupportedException();

    private protected override void Free() => Dead.Dispose();
}
