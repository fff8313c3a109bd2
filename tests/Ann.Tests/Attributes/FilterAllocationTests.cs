using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Tests.Attributes;

/// <summary>What is measured of memory that the whole process shares: alone, or others take the scratch that was made ready.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class FilterMemory;

/// <summary>Goal: filters are evaluated in scratch memory that is used again.</summary>
[Collection(typeof(FilterMemory))]
public sealed class FilterAllocationTests
{
    private const int Seed = 5150;

    [Fact]
    public void ASteadyEvaluationAllocatesNothing()
    {
        RandomFilters random = new(Seed);
        AttributeBatch batch = random.Batch(2 * FilterScratch.ChunkNodes);
        AttributedSegment segment = new(KeyColumn.Ordinals(batch.Count), new MemoryAttributes(batch));
        BoundFilter[] filters =
        [
            .. new Filter[]
            {
                new Filter.KeywordIn("brand", ["t1é", "t2é", "t3é", "t4é", "t5é", "t6é"]), new Filter.KeywordIn("tags", ["t1é"]),
                new Filter.IntegerIn("stock", [1, 2, 3, 4, 5, 6, 7]), new Filter.BoolIn("sale", [true]),
                new Filter.Between("price", new FilterBound(1, null), null), new Filter.Between("born", null, new FilterBound(7, null)),
            }.Select(clause => BoundFilter.Bind(
                new Filter.AnyOf([clause, new Filter.AllOf([clause, new Filter.NoneOf(clause), new Filter.Exists("born")])]),
                RandomFilters.Schema, KeyKind.UInt64)),
        ];
        SegmentNodes nodes = new(segment.Attributes, segment, segment.Now);
        ulong[] words = new ulong[(batch.Count + 63) / 64];
        Assert.Equal(0, Allocations.OfSteady(Run));
        segment.Release();

        void Run()
        {
            for (int round = 0; round < 20; round++)
                foreach (BoundFilter filter in filters)
                    FilterEvaluation.Run(filter, in nodes, batch.Count, SearchBudget.Unlimited, words);
        }
    }
}
