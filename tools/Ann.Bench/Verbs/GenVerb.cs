using System.CommandLine;
using Ann.Bench.Sets;
using Ann.Bench.Sets.Hard;
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
        Option<string> set = new("--set")
        {
            Description = "clustered: low intrinsic dimension, for cosine. skewed: log-normal norms, for ip. uniform: no structure, for "
                + "l2. hard-NAME: a small set with one property that breaks engines; hard: all of those, a directory each.",
            DefaultValueFactory = _ => "clustered",
            HelpName = string.Join('|', VectorLaw.Names) + "|hard|hard-NAME",
        };
        Option<int> rows = VerbOptions.Number("--rows", "Base rows.", 1_000_000, 1, int.MaxValue);
        Option<int> dimension = VerbOptions.Number("--dim", "Components of a row.", 128, 1, SegmentBuilder.MaxDimension);
        Option<int> queries = VerbOptions.Number("--queries", "Queries, drawn from the same law.", 1000, 1, 1_000_000);
        Option<int> seed = VerbOptions.Number("--seed", "Same seed, same bytes.", 1, 0, int.MaxValue);
        Option<int> truth = VerbOptions.Number("--truth", "True neighbours written for each query; 0 writes none.", 100, 0, 10_000);
        Option<string> metric = VerbOptions.Choice(
            "--metric", "Metric of the truth.", "of the set", ["of the set", .. MetricTraits.Names.All]);
        Option<string> output = VerbOptions.Required(
            "--output", "DIR", "Directory for base.fbin, query.fbin, query.gt<N>.ibin, query.gt<N>.dist.fbin.");

        Verb command = new("gen",
            "Write a synthetic data set from a seed.",
            $"{Program.Name} gen --set clustered --rows 1000000 --dim 128 --queries 1000 --seed 1 --output clustered-1m",
            $"{Program.Name} gen --set hard-variants-0.03-cosine --output variants")
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
            if (tool.Files.FileExists(directory))
                throw AnnException.BadInput(directory, "", "it is a file; a directory was expected.");
            string name = parsed.GetValue(set)!;
            if (name.StartsWith(HardSet.Family, StringComparison.Ordinal))
            {
                foreach (Option option in (Option[])[rows, dimension, queries, metric])
                {
                    if (parsed.GetResult(option) is { Implicit: false })
                        throw AnnException.Invalid(option.Name, $"{option.Name} belongs to other sets; a hard set has its own.");
                }
                WriteHard(tool, name, (ulong)parsed.GetValue(seed), neighbors, directory, cancellation);
                return Task.FromResult(ExitCodes.Done);
            }
            if (!VectorLaw.Names.Contains(name))
            {
                throw AnnException.Invalid(
                    "--set", $"--set is '{name}'; it must be one of {string.Join(", ", VectorLaw.Names)}, hard, hard-NAME.");
            }
            if (neighbors > count)
                throw AnnException.Invalid("--truth", $"--truth is {neighbors}; there are only {count} rows.");

            VectorLaw law = VectorLaw.Create(name, (ulong)parsed.GetValue(seed), parsed.GetValue(dimension));
            if (!MetricTraits.Names.TryParse(parsed.GetValue(metric), out Metric nearness))
                nearness = law.Metric;
            tool.Files.CreateDirectory(directory);
            SetWriter.Write(tool, law, VectorLaw.BaseStream, count, basePath, cancellation);
            SetWriter.Write(tool, law, VectorLaw.QueryStream, parsed.GetValue(queries), queryPath, cancellation);
            if (neighbors > 0)
            {
                WriteTruth(tool, directory, ExactTruth.Compute(
                    tool, nearness, basePath, queryPath, neighbors, Environment.ProcessorCount, cancellation));
            }
            tool.Out.WriteLine(
                $"{directory}: {count:N0} rows of dimension {law.Dimension}, {parsed.GetValue(queries):N0} queries,"
                + $" metric {nearness.Traits().Name}");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>One set of the hard family into the directory, or each into one of its own below it.</summary>
    private static void WriteHard(
        ToolContext tool, string name, ulong seed, int neighbors, string directory, CancellationToken cancellation)
    {
        if (name == HardSet.Family)
        {
            foreach (HardSet each in HardSet.All)
                WriteHard(tool, each.Name, seed, neighbors, Path.Combine(directory, each.Name), cancellation);
            return;
        }

        HardSet set = HardSet.Find("--set", name);
        if (neighbors > set.Rows)
            throw AnnException.Invalid("--truth", $"--truth is {neighbors}; there are only {set.Rows} rows.");
        tool.Files.CreateDirectory(directory);
        HardRows made = HardRows.Make(set, seed, neighbors, Environment.ProcessorCount, cancellation);
        made.Write(tool.Files, Path.Combine(directory, "base.fbin"), Path.Combine(directory, "query.fbin"));
        if (neighbors > 0)
            WriteTruth(tool, directory, made.Truth);
        tool.Out.WriteLine(
            $"{directory}: {made.Base.Length:N0} rows of dimension {made.Base[0].Length}, {made.Queries.Length:N0} queries,"
            + $" metric {made.Metric.Traits().Name}");
    }

    private static void WriteTruth(ToolContext tool, string directory, ExactTruth truth)
    {
        string stem = Path.Combine(directory, $"query.gt{truth.K}");
        VectorFile.WriteIbin(tool.Files, stem + ".ibin", truth.K, truth.Rows);
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, stem + ".dist.fbin", truth.Rows.Length / truth.K, truth.K);
        writer.Write(truth.Distances);
        writer.Commit();
    }
}
