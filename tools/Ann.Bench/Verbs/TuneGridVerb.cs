using System.CommandLine;
using System.Globalization;
using Ann.Bench.Tune;
using Ann.Core;
using Ann.Tool;
using Ann.Tool.Tuning;
using Ann.Tool.Verbs;

namespace Ann.Bench.Verbs;

/// <summary><c>tune</c>: whether <c>ann tune</c> finds what a grid finds.</summary>
internal static class TuneGridVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> rows = VerbOptions.Required("--base", "FILE", "Vectors.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Queries.");
        Option<string> metric = VerbOptions.Metric();
        Option<string> targets = new("--targets")
        {
            Description = "Recalls to reach.",
            HelpName = "R,R",
            DefaultValueFactory = _ => "0.95,0.99",
        };
        Option<string> budget = new("--budget")
        {
            Description = "Time of each tuning.",
            HelpName = "TIME",
            DefaultValueFactory = _ => "10m",
        };
        Verb command = new("tune",
            "Tune for some recalls, then try a grid of builds on all rows. Exits with 1 where the choice has more than 0.005 less recall "
                + "of held-out queries than its target, or is more than 15 % slower than the best of the grid.",
            $"{Program.Name} tune --base sift200k/base.u8bin --queries sift200k/query.u8bin --metric l2")
        {
            rows, queries, metric, targets, budget,
        };
        command.SetAction((parsed, cancellation) =>
        {
            TuneRequest request = new()
            {
                Base = parsed.GetRequiredValue(rows),
                Queries = parsed.GetRequiredValue(queries),
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                K = 10,
                Budget = TuneVerb.TimeOf(parsed.GetValue(budget)!),
                Threads = Environment.ProcessorCount,
            };
            double[] wanted = [.. parsed.GetValue(targets)!.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            return Task.FromResult(new TuneGrid(tool, request).Run(wanted, cancellation) ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }
}
