using Ann.Core.Attributes;

namespace Ann.Tool.Reports;

/// <summary>An attribute of an index.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type"><c>keyword</c>, <c>keywords</c>, <c>int64</c>, <c>double</c>, <c>bool</c> or <c>timestamp</c>.</param>
internal sealed record AttributeColumnReport(string Name, string Type)
{
    /// <summary>All attributes of a schema.</summary>
    public static IReadOnlyList<AttributeColumnReport> Of(AttributeSchema schema) =>
        [.. schema.Fields.Select(static field => new AttributeColumnReport(field.Name, field.Traits.Name))];

    /// <summary>Attributes in a line.</summary>
    public static string ToText(IReadOnlyList<AttributeColumnReport> attributes) =>
        string.Join(", ", attributes.Select(static one => $"{one.Name} ({one.Type})"));
}

/// <summary>What the values of an attribute of a file are like: <c>ann info</c>.</summary>
internal sealed record AttributeSummaryReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its type.</summary>
    public required string Type { get; init; }

    /// <summary>Share of the items that have a value, 0..1.</summary>
    public required double Present { get; init; }

    /// <summary>Different keywords; null for other types.</summary>
    public int? Distinct { get; init; }

    /// <summary>Smallest value; of a timestamp as text. Null for keywords and bools, and where no item has one.</summary>
    public object? Min { get; init; }

    /// <summary>Largest value, likewise.</summary>
    public object? Max { get; init; }

    /// <summary>Describes a column.</summary>
    public static AttributeSummaryReport Of(AttributeSummary summary)
    {
        bool isTime = summary.Field.Traits.IsTime;
        return new AttributeSummaryReport
        {
            Name = summary.Field.Name,
            Type = summary.Field.Traits.Name,
            Present = summary.Items == 0 ? 0 : (double)summary.Present / summary.Items,
            Distinct = summary.DistinctKeywords,
            Min = Shown(summary.Integers?.Least, summary.Doubles?.Least, isTime),
            Max = Shown(summary.Integers?.Most, summary.Doubles?.Most, isTime),
        };
    }

    /// <summary>One line a column.</summary>
    public static void Print(TextWriter text, IReadOnlyList<AttributeSummaryReport> attributes)
    {
        foreach (AttributeSummaryReport one in attributes)
        {
            string values = one.Distinct is int distinct ? $", {distinct:N0} different"
                : one.Min is null ? ""
                : FormattableString.Invariant($", {one.Min} to {one.Max}");
            text.WriteLine(
                FormattableString.Invariant($"  attribute     {one.Name} ({one.Type}): {one.Present * 100:0.##} % of items{values}"));
        }
    }

    // JSON knows no infinity: as text it is told all the same.
    private static object? Shown(long? integer, double? real, bool isTime) =>
        integer is long number ? isTime ? TimestampText.Format(number) : number
        : real is not double value ? null
        : double.IsFinite(value) ? value
        : value > 0 ? "Infinity" : "-Infinity";
}
