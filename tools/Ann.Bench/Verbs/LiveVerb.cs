using System.CommandLine;
using Ann.Bench.Live;
using Ann.Core;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>live</c>: an index that is written to while it is searched.</summary>
internal static class LiveVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> set = VerbOptions.Required("--base", "FILE", "Rows to write.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors.");
        Option<int> rows = VerbOptions.Number("--rows", "Rows used; 0 takes all.", 0, 0, int.MaxValue);
        Option<string> metric = VerbOptions.Choice("--metric", "Metric of the index.", "cosine", MetricTraits.Names.All);
        Option<string> work = VerbOptions.Required("--work", "DIR", "Directory for the index; must be empty or not exist.");
        Option<string> widths = new("--ef") { Description = "Beam widths.", DefaultValueFactory = _ => "32,64", HelpName = "LIST" };
        Option<string> heads = new("--heads")
        {
            Description = "Shares of the rows that are not sealed yet while they are searched, in per cent; none leaves this out.",
            DefaultValueFactory = _ => "1,5,20",
            HelpName = "LIST",
        };
        Option<int> churn = VerbOptions.Number("--churn", "How often all items are replaced beside searches.", 3, 0, 1000);

        Option<int> rate = VerbOptions.Number("--churn-rate", "Updates a second meanwhile; 0: as many as go.", 0, 0, int.MaxValue);

        Verb command = new("live",
            "Write rows to a live index: rate, searches with heads of several sizes, searches while everything is replaced.",
            $"{Program.Name} live --base clustered-1m/base.fbin --queries clustered-1m/query.fbin --work live-1m --churn 0",
            $"{Program.Name} live --base clustered-1m/base.fbin --queries clustered-1m/query.fbin --rows 100000 --work live-100k "
                + "--heads none")
        {
            set, queries, rows, metric, work, widths, heads, churn, rate,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string shares = parsed.GetValue(heads)!;
            LiveRequest request = new(
                parsed.GetRequiredValue(set), parsed.GetRequiredValue(queries), parsed.GetValue(rows),
                    MetricTraits.Names.Parse(parsed.GetValue(metric)),
                parsed.GetRequiredValue(work), [.. NumberList.Parse("--ef", parsed.GetValue(widths)!, LiveSearch.K, 10_000)],
                shares == "none" ? [] : [.. NumberList.Parse("--heads", shares, 1, 90)], parsed.GetValue(churn),
                parsed.GetValue(rate));
            await new LiveRun(tool, request, cancellation).RunAsync();
            return ExitCodes.Done;
        });
        return command;
    }
}
