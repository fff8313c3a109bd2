using System.CommandLine;
using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>gen</c>: a synthetic set from a seed, with its exact truth.</summary>
internal static class GenVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> set = VerbOptions.Choice("--set",
            "clustered: low intrinsic dimension, for cosine. skewed: log-normal norms, for ip. uniform: no structure, for l2.",
            "clustered", VectorLaw.Names);
        Option<int> rows = VerbOptions.Number("--rows", "Base rows.", 1_000_000, 1, int.MaxValue);
        Option<int> dimension = VerbOptions.Number("--dim", "Components of a row.", 128, 1, SegmentBuilder.MaxDimension);
        Option<int> queries = VerbOptions.Number("--queries", "Queries, drawn from the same law.", 1000, 1, 1_000_000);
        Option<int> seed = VerbOptions.Number("--seed", "Same seed, same bytes.", 1, 0, int.MaxValue);
        Option<int> truth = VerbOptions.Number("--truth", "True neighbours written for each query; 0 writes none.", 100, 0, 10_000);
        Option<string> metric = VerbOptions.Choice("--metric", "Metric of the truth.", "of the set", "of the set", "l2", "ip", "cosine");
        Option<string> output = VerbOptions.Required(
            "--output", "DIR", "Directory for base.fbin, query.fbin, query.gt<N>.ibin, query.gt<N>.dist.fbin.");

        Verb command = new("gen",
            "Write a synthetic data set from a seed.",
            $"{Program.Name} gen --set clustered --rows 1000000 --dim 128 --queries 1000 --seed 1 --output clustered-1m")
        {
            set, rows, dimension, queries, seed, truth, metric, output,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string directory = parsed.GetRequiredValue(output);
            string basePath = Path.Combine(directory, "base.fbin");
            string queryPath = Path.Combine(directory, "query.fbin");
            int neighbors = parsed.GetValue(truth);
            int count = parsed.GetValue(rows);
            if (neighbors > count)
                throw AnnException.Invalid("--truth", $"--truth is {neighbors}; there are only {count} rows.");
            if (tool.Files.FileExists(directory))
                throw AnnException.BadInput(directory, "", "it is a file; a directory was expected.");

            VectorLaw law = VectorLaw.Create(parsed.GetValue(set)!, (ulong)parsed.GetValue(seed), parsed.GetValue(dimension));
            if (!MetricExtensions.TryParse(parsed.GetValue(metric)!, out Metric nearness))
                nearness = law.Metric;
            tool.Files.CreateDirectory(directory);
            SetWriter.Write(tool, law, VectorLaw.BaseStream, count, basePath, cancellation);
            SetWriter.Write(tool, law, VectorLaw.QueryStream, parsed.GetValue(queries), queryPath, cancellation);
            if (neighbors > 0)
                WriteTruth(tool, nearness, basePath, queryPath, neighbors, cancellation);
            tool.Out.WriteLine(
                $"{directory}: {count:N0} rows of dimension {law.Dimension}, {parsed.GetValue(queries):N0} queries,"
                + $" metric {nearness.ToName()}");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static void WriteTruth(
        ToolContext tool, Metric metric, string basePath, string queryPath, int neighbors, CancellationToken cancellation)
    {
        ExactTruth truth = ExactTruth.Compute(
            tool, metric, basePath, queryPath, neighbors, Environment.ProcessorCount, cancellation);
        string stem = Path.Combine(Path.GetDirectoryName(basePath)!, $"query.gt{neighbors}");
        VectorFile.WriteIbin(tool.Files, stem + ".ibin", neighbors, truth.Rows);
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, stem + ".dist.fbin", truth.Rows.Length / neighbors, neighbors);
        writer.Write(truth.Distances);
        writer.Commit();
    }
}
