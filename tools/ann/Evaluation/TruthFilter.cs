using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Server.Filters;
using Ann.Server.Mapping;

namespace Ann.Tool.Evaluation;

/// <summary>A filter of the command line over attributes that no server holds.</summary>
internal static class TruthFilter
{
    /// <summary>Reads a filter. Clauses of keys are refused: rows are numbered here.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the option and what is wrong.</exception>
    public static BoundFilter Bind(string option, string text, AttributeSchema schema, string path)
    {
        if (schema.Count == 0)
            throw AnnException.Invalid(option, $"{option} needs attributes; {path} has none, neither itself nor beside it.");
        Filter filter;
        try
        {
            filter = WireFilter.Read(FilterParser.Parse(option, text, schema, KeyKind.UInt64), option, index: null)!;
        }
        catch (AnnException e) when (!e.Message.Contains(option, StringComparison.Ordinal))
        {
            throw AnnException.Invalid(option, $"{option}: {e.Message}");
        }
        return BoundFilter.Bind(filter, schema, KeyKind.UInt64, option);
    }

    /// <summary>One bit a row: the filter takes it.</summary>
    public static ulong[] Taken(BoundFilter filter, AttributeTable table, int rows)
    {
        ulong[] words = new ulong[(rows + 63) / 64];
        SegmentNodes nodes = new(table, new NoKeys(), ReadPoint.All);
        FilterEvaluation.Run(filter, in nodes, rows, SearchBudget.Unlimited, words);
        return words;
    }

    private sealed class NoKeys : INodeLookup
    {
        public KeyKind KeyKind => KeyKind.UInt64;

        public int Locate(in ItemKey key, ReadPoint at) => -1;

        public ItemKey KeyOf(int node) => throw new NotSupportedException("Clauses of keys were refused.");
    }
}
