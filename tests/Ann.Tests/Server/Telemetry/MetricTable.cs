using Ann.Tests.House;

namespace Ann.Tests.Server.Telemetry;

/// <summary>A metric as engine/docs/operations.md describes it.</summary>
/// <param name="Name">Of the instrument.</param>
/// <param name="Unit">Of its values; empty for none.</param>
/// <param name="Type">histogram, counter or gauge.</param>
/// <param name="Attributes">That its series may have.</param>
internal sealed record MetricRow(string Name, string Unit, string Type, IReadOnlyList<string> Attributes)
{
    /// <summary>Its name for Prometheus, as OpenTelemetry's rules make it.</summary>
    public string Exposed => Name.Replace('.', '_')
        + Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" }
        + (Type == "counter" ? "_total" : "");

    /// <summary>Names of its series.</summary>
    public IEnumerable<string> Series => Type == "histogram" ? [Exposed + "_bucket", Exposed + "_sum", Exposed + "_count"] : [Exposed];
}

/// <summary>The table of metrics of engine/docs/operations.md.</summary>
internal static class MetricTable
{
    public static IReadOnlyList<MetricRow> Rows { get; } = Read();

    /// <summary>The platform's that are told too, as the text below the table names them.</summary>
    public static IReadOnlyList<string> Platform { get; } =
    [
        "dotnet_gc_pause_time_seconds_total", "dotnet_gc_collections_total", "dotnet_process_cpu_time_seconds_total",
        "dotnet_process_memory_working_set_bytes", "kestrel_active_connections",
    ];

    private static MetricRow[] Read()
    {
        string page = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "operations.md"));
        return
        [
            .. page.Split('\n').SkipWhile(static line => line != "| metric | unit | type | attributes | meaning |").Skip(2)
                .TakeWhile(static line => line.StartsWith('|'))
                .Select(static line => line.Split('|').Select(static cell => cell.Replace("`", "").Trim()).ToArray())
                .Select(static cells => new MetricRow(
                    cells[1], cells[2], cells[3], cells[4].Split(", ", StringSplitOptions.RemoveEmptyEntries))),
        ];
    }
}
