using System.CommandLine;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann describe</c>: everything that a server tells of an index.</summary>
internal static class DescribeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string?> named = new("index")
        {
            Description = "Name of the index, or NAME@GENERATION.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> index = VerbOptions.Optional("--index", "NAME", "The same, as other verbs take it.");
        ConnectionOptions connection = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("describe",
            "Tell what a running server says of an index: state, generations, positions of the log, live recall, memory.",
            "ann describe items", "ann describe items --json")
        {
            named, index, connection, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(named) is { Tokens.Count: > 0 } == result.GetResult(index) is not null)
                result.AddError("Name one index, as in ann describe items; ann list tells which there are.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetValue(named) ?? parsed.GetRequiredValue(index)!;
            HostedIndexReport report = HostedIndexes.Of(await server.FindAsync(name, cancellation));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.HostedIndexReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(TextWriter text, HostedIndexReport report)
    {
        if (report.Facts is not { } facts)
        {
            text.WriteLine($"{report.Index}: {report.State}" + (report.Failure is null ? "" : $": {report.Failure}"));
            return;
        }
        text.WriteLine(
            $"{report.Index}: {report.State}, {(facts.Live ? "live" : "a file")}, {facts.Items:N0} items of dimension {facts.Dimension}, "
            + $"{facts.Metric}, {facts.KeyType} keys");
        Line(text, "generation", facts.Generation);
        Line(text, "encoder", InWords(facts.Encoder));
        if (facts.QueryEncoder is not null)
            Line(text, "query encoder", InWords(facts.QueryEncoder));
        Line(text, "graph", $"M {facts.M}, efConstruction {facts.EfConstruction}, codes {facts.Codes}, layout {facts.Layout}");
        Line(text, "segments", $"{facts.Segments}, with {facts.Dead:N0} rows of deleted and replaced items");
        Line(text, "memory", $"{facts.LoadedBytes:N0} bytes" + (facts.Live ? "" : $", and {facts.MappedBytes:N0} mapped"));
        Line(text, "files", $"{facts.FileBytes:N0} bytes");
        if (facts.Attributes is not null)
            Line(text, "attributes", AttributeColumnReport.ToText(facts.Attributes));
        if (facts.Log is { } log)
            Print(text, log);
        foreach (HostedGenerationReport generation in facts.Generations ?? [])
            Print(text, generation);
        if (facts.CertificateRecall is { Count: > 0 } curve)
        {
            Line(text, "certificate", "recall@10 " + string.Join(", ", curve.Select(
                static point => $"{point.RecallAt10:F4} at ef {point.Ef}")));
        }
        if (facts.LiveRecall is null)
            Line(text, "live recall", "not measured yet: it takes queries");
        foreach (LiveRecallReport recall in facts.LiveRecall ?? [])
        {
            Line(text, "live recall",
                $"@{recall.K}, filter {recall.FilterClass}: {recall.Recall:F4} ({recall.RecallLow:F4} to {recall.RecallHigh:F4}) of "
                + $"{recall.Samples:N0} queries, generation {recall.Generation}");
        }
    }

    private static void Print(TextWriter text, LogReport log)
    {
        Line(text, "log", $"holds writes {log.First:N0} to {log.Durable:N0}, visible to {log.Visible:N0}; {log.Bytes:N0} bytes");
        if (log.WriteFailure is not null)
            Line(text, "NO WRITES", log.WriteFailure);
        if (log.CompactionFailure is not null)
            Line(text, "NO SEALING", log.CompactionFailure);
    }

    private static void Print(TextWriter text, HostedGenerationReport one)
    {
        Line(text, one.Role,
            one.Failure is not null
                ? $"{one.Generation}: {one.Failure}"
                : $"{one.Generation}: {one.Items:N0} items, sealed to write {one.LogPosition:N0}, shows {one.AppliedPosition:N0}, "
                + $"{one.Segments} segment(s), {one.MemoryBytes:N0} bytes of memory, encoder {InWords(one.Encoder)}"
                + (one.QueryEncoder is null ? "" : $", query encoder {InWords(one.QueryEncoder)}")
                + (one.MissedKeys == 0 ? "" : $"; {one.MissedKeys:N0} items were last written by another encoder, and are missed"));
    }

    private static string InWords(IndexEncoderReport? encoder) => encoder is null
        ? "(unknown)"
        : $"{encoder.Name}, {encoder.Fingerprint}{(encoder.Hosted ? "" : ", not hosted here")}";

    private static void Line(TextWriter text, string name, string value) => text.WriteLine($"  {name,-13} {value}");
}
