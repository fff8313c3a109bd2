using Ann.Core.Segments;

namespace Ann.Tool.Reports;

/// <summary>Sizes as a table: bytes in all, and bytes an item.</summary>
internal static class PartsTable
{
    /// <summary>Prints the parts of a file, their sum, and where they lie while it is served.</summary>
    public static void Print(TextWriter text, SegmentParts parts, long rows, long loaded)
    {
        text.WriteLine($"  {"",-14}{"bytes",20}{"an item",12}");
        Line(text, "links", parts.Links, rows);
        Line(text, "levels", parts.Levels, rows);
        Line(text, "codes", parts.Codes, rows);
        Line(text, "rows", parts.Rows, rows);
        Line(text, "keys", parts.Keys, rows);
        if (parts.Attributes > 0)
            Line(text, "attributes", parts.Attributes, rows);
        if (parts.Payloads > 0)
            Line(text, "payloads", parts.Payloads, rows);
        Line(text, "other", parts.Other, rows);
        Line(text, "file", parts.Total, rows);
        Line(text, "loaded", loaded, rows);
        Line(text, "mapped", parts.Total - loaded, rows);
    }

    /// <summary>Prints one line.</summary>
    public static void Line(TextWriter text, string name, long bytes, long rows) =>
        text.WriteLine($"  {name,-14}{bytes,20:N0}{(double)bytes / rows,12:N1}");
}
