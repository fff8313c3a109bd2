using System.Diagnostics;
using Ann.Core.Searching;

namespace Ann.Core.Attributes;

/// <summary>Evaluates a filter over the nodes of a segment, column by column. Allocates nothing in steady state.</summary>
internal static class FilterEvaluation
{
    /// <summary>Writes which nodes a filter takes. Deleted ones may be among them.</summary>
    /// <param name="filter">Bound to the schema of the segment's attributes and to its kind of keys.</param>
    /// <param name="segment">The segment as the reader sees it.</param>
    /// <param name="nodes">Nodes, from 0 on: no more than the reader sees.</param>
    /// <param name="budget">Looked at between lookups of values, and between chunks of <see cref="FilterScratch.ChunkNodes"/>.</param>
    /// <param name="words">One for each 64 nodes begun; all are written, bits beyond the last node are 0.</param>
    /// <returns>Why it stopped early: the nodes that it had not come to are not taken then.</returns>
    public static StopReason Run(
        BoundFilter filter, in SegmentNodes segment, int nodes, in SearchBudget budget, Span<ulong> words)
    {
        Debug.Assert(words.Length == (nodes + 63) / 64);
        Debug.Assert(segment.Table is null || segment.Table.Schema.Equals(filter.Schema));
        StopReason stopped = budget.Check();
        FilterScratch scratch = FilterScratch.Rent();
        try
        {
            if (stopped == StopReason.None)
            {
                scratch.Begin(in budget);
                filter.Root.Prepare(in segment, scratch);
                stopped = scratch.Stopped;
            }
            for (int first = 0; first < nodes; first += FilterScratch.ChunkNodes)
            {
                if (stopped == StopReason.None)
                    stopped = budget.Check();
                if (stopped != StopReason.None)
                {
                    words[(first / 64)..].Clear();
                    return stopped;
                }
                int count = Math.Min(FilterScratch.ChunkNodes, nodes - first);
                NodeChunk chunk = new(segment.Table, first, count);
                filter.Root.Evaluate(in chunk, scratch, 0, words.Slice(first / 64, (count + 63) / 64));
            }
        }
        finally
        {
            FilterScratch.Return(scratch);
        }
        if (nodes % 64 != 0)
            words[^1] &= (1UL << nodes) - 1; // a negation has set the bits beyond the last node
        return StopReason.None;
    }
}
