using System.CommandLine;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Tool.Formats;
using Ann.Tool.Live;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann export</c>: an index file or a snapshot back to vectors and keys.</summary>
internal static class ExportVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> from = VerbOptions.Required("--from", "FILE|DIR", "An .ann file, or a snapshot directory.");
        Option<string> output = VerbOptions.Required(
            "--output", "FILE",
            $"Vectors: {VectorFormats.Extensions}. What the format has no room for lies beside it: keys in FILE.keys.jsonl, attributes in "
            + "FILE.attributes.jsonl, payloads in FILE.payloads.");
        Option<bool> round = RowsOutput.Round();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("export",
            "Write the items of an index file or a snapshot as vectors and keys. ann build notes the log position of a snapshot in its "
            + "file, so that ann attach replays what was written since.",
            "ann export --from snapshots/shop-monday --output items.fbin", "ann export --from items.ann --output items.parquet")
        {
            from, output, round, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            long start = tool.Time.GetTimestamp();
            ExportReport written = await RunAsync(
                tool, parsed.GetRequiredValue(from), (parsed.GetRequiredValue(output), parsed.GetValue(round)), cancellation);
            ExportReport report = written with { Seconds = tool.SecondsSince(start) };
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ExportReport);
            else
                tool.Out.WriteLine(
                    $"{report.Output}: {report.Rows:N0} items of dimension {report.Dimension}, keys: {report.Keys ?? "(not written)"}"
                    + (report.LogPosition is long position ? $", log position {position}" : "")
                    + (report.Attributes is null ? "" : $", attributes: {report.AttributesFile ?? "inline"}")
                    + (report.PayloadsFile is null ? "" : $", payloads: {report.PayloadsFile}"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<ExportReport> RunAsync(
        ToolContext tool, string from, (string Path, bool Rounds) output, CancellationToken cancellation)
    {
        OutputPath.Require(tool.Files, output.Path);
        VectorFormats.OfPath(output.Path, "write");
        if (!tool.Files.DirectoryExists(from))
            return await ExportFileAsync(tool, from, output, cancellation);

        if (!tool.Files.FileExists(Path.Combine(from, SnapshotDirectory.ListFile)))
            throw AnnException.BadInput(from, "", $"it is no snapshot: it holds no file {SnapshotDirectory.ListFile}.");
        // Opening an index writes to its directory, and a snapshot stays as it is: a copy is opened.
        string target = tool.Files.IsDevice(output.Path) ? tool.TemporaryDirectory : Path.GetDirectoryName(Path.GetFullPath(output.Path))!;
        string copy = Path.Combine(target, $".ann-export-{Guid.NewGuid():n}");
        try
        {
            SnapshotDirectory.Restore(tool.Files, from, copy, cancellation);
            await using LiveIndex index = LiveIndex.Open(
                tool.Files, copy, Path.GetFileName(Path.TrimEndingDirectorySeparator(from)), new LiveIndexOptions(),
                MemoryBudget.Unlimited(), tool.Time);
            using SnapshotLease lease = index.Acquire();
            return ExportedRows.Write(tool, lease.Snapshot, from, output, index.Log.Visible, cancellation);
        }
        finally
        {
            if (tool.Files.DirectoryExists(copy))
                LiveIndex.Delete(tool.Files, copy);
        }
    }

    private static async Task<ExportReport> ExportFileAsync(
        ToolContext tool, string from, (string Path, bool Rounds) output, CancellationToken cancellation)
    {
        using IndexCatalog catalog = new(IndexSource.Find(tool.Files, [from], null));
        HostedIndex index = catalog.Indexes[0];
        await index.LoadAsync(new CatalogOpening { Files = tool.Files, Residence = SegmentResidence.Mapped }, static _ => { });
        if (index.Status.Failure is Exception failure)
            throw failure;
        using SnapshotLease lease = index.Acquire();
        long? position = (lease.Snapshot.Segments[0] as LiveSealedSegment)?.Sealed.BuildRecord.LogPosition;
        return ExportedRows.Write(tool, lease.Snapshot, from, output, position, cancellation);
    }
}
