using Ann.Core.Attributes;
using Ann.Core.Segments;

namespace Ann.Bench.Filters;

/// <summary>
/// The filters of each shape and share as a request has them: clauses on two attributes of the index, of which one is a category and the
/// other lies evenly between 0 and 1. No two are the same filter, so none is in a cache when it is first asked.
/// </summary>
/// <param name="segment">What is searched.</param>
/// <param name="categories">By the attribute of <see cref="FilterColumns.Category"/>.</param>
/// <param name="columns">Names of the attributes.</param>
internal sealed class ClauseFilters(SealedSegment segment, Categories categories, FilterColumns columns)
{
    /// <summary>Less than lies between two values of the attribute.</summary>
    private const double Unlike = 1e-14;

    private int _made;

    /// <summary>The filter of one query.</summary>
    /// <param name="shape">How it lies to the query.</param>
    /// <param name="share">Of the rows, 0 to 1.</param>
    /// <param name="query">As the caller has it.</param>
    public Filter Make(FilterShape shape, double share, ReadOnlySpan<float> query)
    {
        _made++;
        if (share >= 1)
            return Below(2);
        if (shape == FilterShape.Independent)
            return Below(share);
        if (shape == FilterShape.Both)
            return BothOf(share);

        int[] order = categories.Nearest(segment.Metric, query);
        if (shape == FilterShape.Opposed)
            Array.Reverse(order);
        double room = share * segment.Count;
        List<long> whole = [];
        int next = 0;
        for (; next < order.Length - 1 && categories.SizeOf(order[next]) <= room; next++)
        {
            whole.Add(categories.ValueOf(order[next]));
            room -= categories.SizeOf(order[next]);
        }
        Filter part = new Filter.AllOf(
            [In([categories.ValueOf(order[next])]), Below(Math.Min(1, room / categories.SizeOf(order[next])))]);
        return whole.Count == 0 ? part : new Filter.AnyOf([In(whole), part]);
    }

    /// <summary>Categories in their order with the square root of the share, and of their rows what is left.</summary>
    private Filter.AllOf BothOf(double share)
    {
        double room = Math.Sqrt(share) * segment.Count;
        List<long> chosen = [];
        double rows = 0;
        for (int category = 0; category < categories.Count && rows < room; category++)
        {
            chosen.Add(categories.ValueOf(category));
            rows += categories.SizeOf(category);
        }
        return new Filter.AllOf([In(chosen), Below(share * segment.Count / rows)]);
    }

    private Filter.IntegerIn In(IReadOnlyList<long> values) => new(columns.Category, values);

    private Filter.Between Below(double bound) =>
        new(columns.Uniform, null, new FilterBound(null, bound + _made * Unlike, IsExclusive: true));
}
