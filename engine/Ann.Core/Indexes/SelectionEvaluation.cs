using Ann.Core.Attributes;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>Evaluates filter and exclusions over the segments of a snapshot.</summary>
internal static class SelectionEvaluation
{
    /// <inheritdoc cref="IndexSnapshot.Select"/>
    public static ItemSelection? Run(IndexSnapshot index, ReadPoint at, Filter? filter, ExcludedKeys? excluded)
    {
        if (filter is null && excluded is null)
            return null;
        throw new NotSupportedException($"Filters over index '{index.Name}' as of {at.Sequence} are not evaluated yet.");
    }
}
