using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Ann.Tool.Replay;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann capture</c>: what a server captured, as query vectors for other verbs.</summary>
internal static class CaptureVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> file = new("file") { Description = "The capture (CaptureFile of the server).", HelpName = "FILE" };
        Option<string?> index = VerbOptions.Optional("--index", "NAME", "Only calls of this index.");
        Option<string?> queries = VerbOptions.Optional(
            "--to-queries", "FILE", "Write the query vectors of the searches, for load, eval, build and release: .fbin .fvecs .npy.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("capture",
            "Show what a server captured (ann serve --capture-file shop.capture --capture-share 0.01), and make a query set of it. The "
            + "server ends a capture at its bound. ann replay --capture sends it again at the times at which it came.",
            "ann capture shop.capture", "ann capture shop.capture --index shop --to-queries queries.fbin")
        {
            file, index, queries, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            CapturedCall[] calls =
            [
                .. CaptureReader.Read(tool.Files, path)
                    .Where(call => parsed.GetValue(index) is not string name || call.Index == name || call.Index?.Split('@')[0] == name),
            ];
            string? output = parsed.GetValue(queries);
            int written = output is null ? 0 : Write(tool, path, calls, output, cancellation);
            CaptureReport report = new(
                calls.Length, calls.Length == 0 ? 0 : (calls[^1].Time - calls[0].Time).TotalSeconds,
                calls.GroupBy(static call => call.Index ?? "").ToDictionary(static group => group.Key, static group => group.Count()),
                output, written);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.CaptureReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static int Write(ToolContext tool, string path, IEnumerable<CapturedCall> calls, string output, CancellationToken cancellation)
    {
        VectorBatch[] batches =
        [
            .. calls.SelectMany(CaptureReader.SearchesOf).Select(static search => search.Queries)
                .Where(static batch => batch is { Dtype: Dtype.F32, Dim: > 0 }),
        ];
        if (batches.Length == 0)
            throw AnnException.BadInput(path, "", "none of its searches has vectors of float32.");
        uint dimension = batches[0].Dim;
        if (batches.FirstOrDefault(batch => batch.Dim != dimension) is VectorBatch other)
        {
            throw AnnException.BadInput(
                path, "", $"its searches have vectors of dimension {dimension} and of {other.Dim}: --index chooses one index.");
        }
        int size = (int)dimension * sizeof(float);
        if (batches.FirstOrDefault(batch => batch.Data.Length % size != 0) is VectorBatch torn)
            throw AnnException.BadInput(path, "", $"a search has {torn.Data.Length} bytes of vectors; {size} a row were expected.");
        int rows = batches.Sum(batch => batch.Data.Length / size);
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, output, rows, (int)dimension);
        foreach (VectorBatch batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int at = 0; at < batch.Data.Length; at += size)
                writer.Write(MemoryMarshal.Cast<byte, float>(batch.Data.Span.Slice(at, size)));
        }
        writer.Commit();
        return rows;
    }

    private static void Print(TextWriter text, CaptureReport report)
    {
        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{report.Calls:N0} captured calls in {report.Seconds:N1} s"));
        foreach ((string name, int count) in report.Indexes.OrderByDescending(static pair => pair.Value))
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {PrintedText.Of(name)}: {count:N0}"));
        if (report.Output is not null)
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Queries:N0} query vectors are in {report.Output}"));
    }
}
