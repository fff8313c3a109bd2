using System.CommandLine;
using Ann.Client;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Attributes;
using Ann.Tool.Formats;
using Ann.Tool.Live;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Grpc.Core;
using AttributeSchema = Ann.Core.Attributes.AttributeSchema;

namespace Ann.Tool.Verbs;

/// <summary><c>ann import</c>: a file's rows into a live index.</summary>
internal static class ImportVerb
{
    private sealed record Request(
        ServerTarget Server, string Index, string Input, string? Sidecar, string? Attributes, string? AttributesFile, string Mode,
        string Producer, bool WaitCompacted)
    {
        public bool Create { get; init; }

        public string? Metric { get; init; }

        public TimeSpan Patience { get; init; }
    }

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the live index, or NAME@GENERATION.");
        Option<string> input = VerbOptions.Required(
            "--input", "FILE",
            VectorFormats.InputHelp + " To delete, a .keys.jsonl too.");
        Option<string?> inputFormat = SpooledInput.Format();
        Option<string?> keys = VerbOptions.Optional(
            "--keys", "FILE", "Sidecar with a key a row. Default: INPUT.keys.jsonl where it exists, else rows are numbered from 0.");
        Option<string?> attributes = VerbOptions.Optional(
            "--attributes", "NAME,…",
            "Attributes to send, which the index and the file must have. Default: those of the index, as far as the file has them. "
            + "As NAME:TYPE,… they are declared by --create.");
        Option<string?> attributesFile = AttributeOptions.File();
        Option<string> mode = VerbOptions.Choice(
            "--mode", "upsert replaces items that exist, insert leaves them, delete removes them.", "upsert", "upsert", "insert", "delete");
        Option<bool> create = new("--create")
        {
            Description = "Make the index first where there is none, with dimension, kind of keys, attributes and encoder of the file.",
        };
        Option<string> metric = VerbOptions.Metric();
        metric.Required = false;
        metric.Description = "How nearness is measured, for --create.";
        Option<string?> producer = VerbOptions.Optional(
            "--producer", "NAME",
            "Name of this import, one a file: run again after a failure, what was written is known and not written twice.");
        Option<int> patience = VerbOptions.Number(
            "--patience", "Seconds that the import goes on trying while the server is away or takes nothing.", 120, 0, 86_400);
        Option<bool> wait = new("--wait-compacted") { Description = "Then compact the index, and report when that is done." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("import",
            "Stream a file into a live index of a running server. Ends when every row is on disk and visible.",
            "ann import --index shop --input items.npy",
            "ann import --index shop --input items.npy --create --metric cosine",
            "ann import --index shop --input items.npy --producer items-2026-08-01 --wait-compacted --json",
            "ann import --index shop --input gone.keys.jsonl --mode delete")
        {
            index, input, inputFormat, keys, attributes, attributesFile, mode, create, metric, producer, patience, wait, connection, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(create) != result.GetResult(metric) is not null)
                result.AddError("--create and --metric belong together: a file does not say how nearness is measured.");
            if (result.GetValue(create) && (result.GetValue(index) ?? "").Contains('@', StringComparison.Ordinal))
                result.AddError("--create makes an index; NAME@GENERATION names a part of one that exists.");
            if (result.GetValue(create) && result.GetValue(mode) == "delete")
                result.AddError("--create and --mode delete exclude each other.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using SpooledInput vectors = await SpooledInput.OpenAsync(
                tool, parsed.GetRequiredValue(input), parsed.GetValue(inputFormat), cancellation);
            Request request = new(
                connection.Read(tool, parsed), parsed.GetRequiredValue(index), vectors.Path, parsed.GetValue(keys),
                parsed.GetValue(attributes), parsed.GetValue(attributesFile),
                parsed.GetRequiredValue(mode), parsed.GetValue(producer) ?? "", parsed.GetValue(wait))
            {
                Create = parsed.GetValue(create),
                Metric = parsed.GetValue(metric),
                Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)),
            };
            ImportReport report = await RunAsync(tool, request, cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ImportReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<ImportReport> RunAsync(ToolContext tool, Request request, CancellationToken cancellation)
    {
        WriteMode mode = ModeOf(request.Mode);
        using ServerConnection server = new(request.Server);
        if (request.Create)
            await CreateAsync(tool, server, request, cancellation);
        AttributeSchema known = RemoteAttributes.Schema(await server.DescribeAsync(request.Index, cancellation));
        AttributeRequest attributes = mode == WriteMode.Delete
            ? new AttributeRequest(AttributeSchema.Empty, null, MayLack: true)
            : Wanted(known, request);
        using ImportBlocks blocks = new(
            tool, request.Input, request.Sidecar, attributes, mode != WriteMode.Delete, cancellation);
        using ProgressMeter meter = new(tool, "import", "rows", blocks.Count);
        long began = tool.Time.GetTimestamp();
        await using ItemWriter writer = server.OpenWriter(request.Index, new WriterOptions
        {
            Mode = mode,
            Producer = request.Producer.Length > 0 ? request.Producer : null,
            EncoderFingerprint = mode == WriteMode.Delete ? null : blocks.EncoderFingerprint,
            Patience = request.Patience,
            Progress = progress => meter.Report(progress.Items),
            Interrupted = failure => tool.Notice($"{server.Named(failure, cancellation).Message} The import goes on when it is back."),
        });
        long sent = 0;
        try
        {
            while (blocks.Next() is WriteBlock block)
            {
                await writer.WriteAsync(block, cancellation);
                sent++;
            }
            long lastSent = tool.Time.GetTimestamp();
            WriteReport progress = await writer.CompleteAsync(cancellation);
            double seconds = tool.SecondsSince(began);
            double lastAck = tool.SecondsSince(lastSent);
            if (sent > 0 && progress.Retried == sent && progress.Streams == 1)
                tool.Notice($"every block had been written before: producer '{request.Producer}' has imported these rows, or others.");
            return new ImportReport
            {
                Index = request.Index,
                Input = request.Input,
                Keys = blocks.KeySource,
                Attributes = blocks.Attributes.Count == 0 ? null : AttributeColumnReport.Of(blocks.Attributes),
                Mode = request.Mode,
                Rows = blocks.Count,
                Blocks = sent,
                Applied = (ulong)progress.Applied,
                Skipped = (ulong)progress.Skipped,
                RetriedBlocks = (ulong)progress.Retried,
                LogPosition = progress.LogPosition,
                Seconds = seconds,
                RowsPerS = blocks.Count / Math.Max(seconds, 1e-9),
                LastAckSeconds = lastAck,
                CompactedSeconds = request.WaitCompacted ? await CompactAsync(tool, server, request.Index, began, cancellation) : null,
            };
        }
        catch (Exception e) when (e is AnnException or OperationCanceledException or RpcException)
        {
            string again = request.Producer.Length > 0 ? "; run the same command again to go on" : "";
            tool.Notice($"{writer.Report.Items:N0} of {blocks.Count:N0} rows are on disk and visible{again}.");
            if (e is RpcException failure)
                throw server.Named(failure, cancellation);
            throw;
        }
    }

    /// <summary>Makes the index as the file wants it, unless it is there.</summary>
    private static async Task CreateAsync(ToolContext tool, ServerConnection server, Request request, CancellationToken cancellation)
    {
        if ((await server.ListAsync(cancellation)).Indexes.Any(index => index.Name == request.Index))
            return;
        IndexTemplate template = IndexTemplate.Read(tool, request.Input, request.Sidecar, request.AttributesFile);
        if (request.Attributes?.Contains(':', StringComparison.Ordinal) == true)
            template = template with { Attributes = AttributeOptions.ParseSchema(tool.Files, request.Attributes)! };
        CreateReport made = await CreateVerb.RunAsync(
            tool, server, template.Request(request.Index, MetricTraits.Names.Parse(request.Metric)), cancellation);
        tool.Notice(CreateVerb.InWords(made));
    }

    /// <summary>Attributes that the index declares, or those of them that were asked for.</summary>
    private static AttributeRequest Wanted(AttributeSchema known, Request request)
    {
        AttributeSchema wanted = AttributeOptions.Choose(known, request.Index, request.Attributes);
        return new AttributeRequest(wanted, request.AttributesFile, MayLack: request.Attributes is null);
    }

    private static async Task<double> CompactAsync(
        ToolContext tool, ServerConnection server, string index, long began, CancellationToken cancellation)
    {
        CompactRequest request = new() { Index = index.Split('@')[0] };
        await server.ChangeAsync(indexes => indexes.CompactAsync(request, cancellationToken: cancellation), cancellation);
        return tool.SecondsSince(began);
    }

    private static WriteMode ModeOf(string word) => word switch
    {
        "insert" => WriteMode.InsertOnly,
        "delete" => WriteMode.Delete,
        _ => WriteMode.Upsert,
    };

    private static void Print(TextWriter text, ImportReport report)
    {
        text.WriteLine($"{report.Index}: {report.Rows:N0} rows of {report.Input}, {report.Mode}, keys: {report.Keys}");
        text.WriteLine(
            $"  {report.Seconds:F1} s until all is on disk and visible, {report.RowsPerS:N0} rows/s, last acknowledgement after "
            + $"{report.LastAckSeconds * 1000:F0} ms");
        text.WriteLine(
            $"  applied {report.Applied:N0}, skipped {report.Skipped:N0}, blocks written before {report.RetriedBlocks:N0}, "
            + $"log position {report.LogPosition}");
        if (report.Attributes is not null)
            text.WriteLine($"  attributes {AttributeColumnReport.ToText(report.Attributes)}");
        if (report.CompactedSeconds is double compacted)
            text.WriteLine($"  compacted after {compacted:F1} s");
    }
}
