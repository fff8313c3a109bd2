using System.CommandLine;
using Ann.Bench.Filters;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>exclusions</c>: searches without some items.</summary>
internal static class ExclusionsVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> index = VerbOptions.Required("--index", "FILE", "An .ann file with numeric keys.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors.");
        Option<int> count = VerbOptions.Number("--query-count", "Queries used.", 50, 1, 100_000);
        Option<string> counts = new("--counts")
        {
            Description = "Items left out.",
            HelpName = "N,N,...",
            DefaultValueFactory = _ => "1000,10000,100000",
        };
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds of timed searches.", 3, 1, 100);
        Verb command = new("exclusions",
            "Search without some thousand items, any and the nearest ones: recall, and the time that it adds. "
                + "Exits with 1 when 10,000 add more than 1 ms, or cost recall.",
            $"{Program.Name} exclusions --index clustered-1m.ann --queries clustered-1m/query.fbin")
        {
            index, queries, counts, count, rounds,
        };
        command.SetAction((parsed, cancellation) =>
        {
            ExclusionsRun run = new(
                tool, parsed.GetRequiredValue(index), parsed.GetRequiredValue(queries), parsed.GetValue(count), parsed.GetValue(rounds),
                NumberList.Parse(counts.Name, parsed.GetValue(counts)!, 1, 1_000_000));
            return Task.FromResult(run.Run(cancellation) ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }
}
