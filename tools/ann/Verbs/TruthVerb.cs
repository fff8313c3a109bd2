using System.CommandLine;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Searching;
using Ann.Tool.Attributes;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann truth</c>: the exact nearest neighbours of queries, for evaluations.</summary>
internal static class TruthVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> rows = VerbOptions.Required("--base", "FILE", "Vectors, in any format that ann build reads, or an .ann file.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors, in any format that ann build reads.");
        Option<string> metric = VerbOptions.Metric();
        Option<int> k = VerbOptions.Number("--k", "Neighbours of a query.", 100, 1, SearchParameters.MaxK);
        Option<string> output = VerbOptions.Required("--output", "T.ibin", "Row numbers of the neighbours, nearest first, ties by row.");
        Option<string?> distances = VerbOptions.Optional(
            "--distances", "T.fbin", "Their distances: squared under l2, the negated product under cosine and ip.");
        Option<string?> filter = VerbOptions.Optional(
            "--filter", "FILTER", "Only rows that it takes, such as: brand in (acme) and price < 50. Clauses of keys are not for files.");
        Option<string?> attributes = AttributeOptions.Schema(
            "Attributes that the filter needs: of .jsonl and .parquet those of these names, of others the sidecar's (default: all).");
        Option<string?> attributesFile = AttributeOptions.File();
        Option<int> threads = VerbOptions.Number(
            "--threads", "Threads; they do not change the answer.", Environment.ProcessorCount, 1, 1024);
        Option<string> device = VerbOptions.Choice(
            "--device", "Who multiplies: the processor, or a GPU of NVIDIA by ONNX Runtime. The answer is the same.", "cpu", "cpu", "cuda");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("truth",
            "Find the exact nearest neighbours of queries, in double precision. The base is read once and may be larger than memory.",
            "ann truth --base items.npy --queries queries.npy --metric cosine --output truth.ibin",
            "ann truth --base items.ann --queries queries.npy --metric l2 --k 10 --filter \"price < 50\" --output truth.ibin",
            "ann truth --base items.fbin --queries queries.npy --metric ip --device cuda --output truth.ibin")
        {
            rows, queries, metric, k, output, distances, filter, attributes, attributesFile, threads, device, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            long start = tool.Time.GetTimestamp();
            string path = parsed.GetRequiredValue(output);
            string? distancePath = parsed.GetValue(distances);
            OutputPath.Require(tool.Files, path, ".ibin");
            if (distancePath is not null)
                OutputPath.Require(tool.Files, distancePath, ".fbin");
            Metric measure = MetricTraits.Names.Parse(parsed.GetValue(metric));
            AttributeRequest wanted = new(
                AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes)), parsed.GetValue(attributesFile));
            string queryPath = parsed.GetRequiredValue(queries);
            using TruthBase all = TruthBase.Open(tool, parsed.GetRequiredValue(rows), measure, wanted);
            QuerySet asked = QuerySet.Load(tool, queryPath, all.Path, all.Dimension);
            BoundFilter? bound = parsed.GetValue(filter) is { } text ? TruthFilter.Bind("--filter", text, all.Schema, all.Path) : null;
            TruthAsk ask = new(parsed.GetValue(k), queryPath, parsed.GetValue(threads), bound)
            {
                Provider = parsed.GetRequiredValue(device) == "cpu" ? null : parsed.GetRequiredValue(device),
            };
            TruthSearch found = TruthSearch.Run(tool, measure, all, asked, ask, cancellation);
            if (distancePath is not null)
                WriteDistances(tool, distancePath, found);
            VectorFile.WriteIbin(tool.Files, path, found.K, found.Rows);
            TruthReport report = new()
            {
                Base = all.Path,
                Queries = asked.Count,
                Rows = all.Count,
                Candidates = found.Candidates,
                Dimension = all.Dimension,
                Metric = measure.Traits().Name,
                K = found.K,
                Output = path,
                Distances = distancePath,
                Threads = ask.Threads,
                Device = ask.Provider ?? "cpu",
                Seconds = tool.SecondsSince(start),
            };
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.TruthReport);
            else
                tool.Out.WriteLine(
                    $"{path}: the {report.K} nearest of {report.Candidates:N0} rows of {report.Base} for {report.Queries:N0} queries, "
                    + $"{report.Metric}, {report.Seconds:F1} s");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static void WriteDistances(ToolContext tool, string path, TruthSearch found)
    {
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, path, found.Rows.Length / found.K, found.K);
        writer.Write(found.Distances);
        writer.Commit();
    }
}
