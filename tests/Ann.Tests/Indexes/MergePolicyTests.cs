using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: searches visit few files, also while the memory for a large merge is not to be had. The files are made of nothing.
/// </summary>
public sealed class MergePolicyTests : IDisposable
{
    private static readonly LiveIndexOptions Options = new() { MaxSealedSegments = 2 };

    private readonly List<LiveSegment> _segments = [];

    public void Dispose() => _segments.ForEach(static segment => segment.Release());

    [Fact]
    public void ARottenFileComesFirst()
    {
        IndexPart[] parts = [File(16), File(184, dead: 90), File(1_000), Head()];
        Assert.Contains(parts[1], MergePolicy.Choose(parts, Options, all: false));
        Assert.DoesNotContain(parts[2], MergePolicy.Choose(parts, Options, all: false));
    }

    [Fact]
    public void SmallFilesAreMergedWhenARottenOneHasNoRoom()
    {
        IndexPart[] parts = [File(16), File(184, dead: 90), File(10), File(10), Head()];
        Assert.Equal([10, 10, 16], MergePolicy.Choose(parts, Options, all: false, below: 94).Select(static part => part.Live).Order());
    }

    [Fact]
    public void WhereNothingHasRoomNothingIsChosen()
    {
        IndexPart[] parts = [File(16), File(184, dead: 90), File(17), Head()];
        Assert.Empty(MergePolicy.Choose(parts, Options, all: false, below: 16));
        Assert.Empty(MergePolicy.Choose([File(5), Head()], Options, all: false));
    }

    [Fact]
    public void WhatIsAskedForAllTakesAll()
    {
        IndexPart[] parts = [File(16), File(184, dead: 1), Head()];
        Assert.Equal(parts[..2], MergePolicy.Choose(parts, Options, all: true));
        Assert.Empty(MergePolicy.Choose([File(16), Head()], Options, all: true));
    }

    private IndexPart File(int rows, int dead = 0)
    {
        FileOfNothing file = new(rows);
        for (int node = 0; node < dead; node++)
            file.Dead.Kill(node, 1);
        return Part(file);
    }

    private IndexPart Head() =>
        Part(new HeadSegment(new HeadShape(Metric.L2, 1, KeyKind.UInt64, new HnswParameters(2, 2, 1), CodesKind.F32, 16)));

    private IndexPart Part(LiveSegment segment)
    {
        _segments.Add(segment);
        return new IndexPart(segment);
    }

    private sealed class FileOfNothing(int rows) : LiveSegment
    {
        public override Metric Metric => Metric.L2;

        public override int Dimension => 1;

        public override KeyKind KeyKind => KeyKind.UInt64;

        public override int Count => rows;

        public override long MemoryBytes => 0;

        internal override Tombstones Dead { get; } = new(rows);

        internal override int FindNewest(in ItemKey key) => throw new NotSupportedException();

        internal override int Find(in ItemKey key, ReadPoint at) => throw new NotSupportedException();

        internal override ItemKey KeyOf(int node) => throw new NotSupportedException();

        internal override ReadOnlySpan<float> Row(int node) => throw new NotSupportedException();

        private protected override SegmentSearcher Searcher => throw new NotSupportedException();

        private protected override SegmentSight SightAt(ReadPoint at) => throw new NotSupportedException();

        private protected override void Free() => Dead.Dispose();
    }
}
