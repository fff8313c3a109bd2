using System.Globalization;
using Ann.Tool.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ann.Tool.Top;

/// <summary>A frame of <c>ann top</c> as it is shown.</summary>
internal static class TopView
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Makes it.</summary>
    public static IRenderable Of(TopReport frame) => new Rows(
        new Markup($"[bold]{Markup.Escape(frame.Server)}[/]  {Colored(frame.State, frame.State == "serving")}"),
        new Text(string.Create(
            CultureInfo.InvariantCulture,
            $"calls {frame.CallsPerS:N0}/s, errors {frame.ErrorsPerS:N1}/s, p50 {Ms(frame.P50Ms)}, p99 {Ms(frame.P99Ms)}; "
            + $"under way {frame.Active:N0}; waiting {frame.WaitingSearches:N0} searches, {frame.WaitingWrites:N0} writes; "
            + $"brown-out {frame.BrownOut:N0}")),
        new Text(Plain(
            $"cpu {frame.CpuCores:N2} cores, memory {Bytes(frame.WorkingSetBytes)}, gc pauses {frame.GcPauseShare:P2}; ")
            + string.Join(", ", frame.Memory.Select(static one => $"{one.Component} {Bytes(one.UsedBytes)} of {Bytes(one.LimitBytes)}"))),
        Indexes(frame));

    /// <summary>Bytes in the largest unit of which there is one.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= 1024 && unit + 1 < Units.Length; unit++)
            bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {Units[unit]}");
    }

    private static Table Indexes(TopReport frame)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("index");
        foreach (string column in (string[])
            ["ready", "items", "seg.", "searches/s", "p50", "p99", "queue p99", "writes/s", "recall", "memory", "log"])
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        }
        foreach (TopIndex one in frame.Indexes)
        {
            table.AddRow(
                Markup.Escape(one.Index), Colored(one.Ready ? "yes" : "no", one.Ready), Plain($"{one.Items:N0}"),
                Plain($"{one.Segments:N0}"), Plain($"{one.SearchesPerS:N1}"), Ms(one.P50Ms), Ms(one.P99Ms), Ms(one.QueueP99Ms),
                Plain($"{one.WritesPerS:N0}"),
                one.Recall is { } recall ? Plain($"{recall:F4}") : "–", Bytes(one.MemoryBytes), Bytes(one.LogBytes));
        }
        return table;
    }

    private static string Colored(string text, bool isGood) => $"[{(isGood ? "green" : "red")}]{Markup.Escape(text)}[/]";

    private static string Ms(double? value) => value is { } some ? Plain($"{some:0.00} ms") : "–";

    private static string Plain(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
