namespace Ann.Core.Attributes;

/// <summary>Refuses trees that are too large, before anything walks through them by recursion.</summary>
internal static class FilterLimits
{
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the limit and what was found.</exception>
    public static void Check(Filter filter, string field)
    {
        int nodes = 0;
        int depth = 0;
        long values = 0;
        Stack<(Filter Node, int Level)> left = new([(filter, 1)]);
        while (left.TryPop(out (Filter Node, int Level) next))
        {
            nodes++;
            depth = Math.Max(depth, next.Level);
            values += ValuesOf(next.Node);
            if (depth > Filter.MaxDepth)
                throw AnnException.Invalid(field, $"the filter has {depth} levels or more; at most {Filter.MaxDepth} levels are taken.");
            IReadOnlyList<Filter> clauses = next.Node switch
            {
                Filter.AllOf all => all.Clauses,
                Filter.AnyOf any => any.Clauses,
                Filter.NoneOf none => [none.Clause],
                _ => [],
            };
            foreach (Filter clause in clauses)
                left.Push((clause, next.Level + 1));
        }
        if (nodes > Filter.MaxNodes)
        {
            throw AnnException.Invalid(
                field, $"the filter has {nodes} clauses, those within clauses counted; at most {Filter.MaxNodes} are taken.");
        }
        if (values > Filter.MaxValues)
            throw AnnException.Invalid(field, $"the filter has {values} values; at most {Filter.MaxValues} are taken.");
    }

    private static int ValuesOf(Filter filter) => filter switch
    {
        Filter.KeywordIn one => one.Values.Count,
        Filter.IntegerIn one => one.Values.Count,
        Filter.BoolIn one => one.Values.Count,
        Filter.KeyIn one => one.Keys.Count,
        _ => 0,
    };
}
