using System.CommandLine;
using Ann.Bench.Calls;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>client</c>: what a call by <c>Ann.Client</c> costs its caller.</summary>
internal static class ClientVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> index = VerbOptions.Required("--index", "FILE", "The .ann file to serve, with numbers or texts as keys.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors.");
        Option<string?> server = VerbOptions.Optional(
            "--server", "FILE", "The program ann, or its ann.dll; left out: the one beside this program.");
        Option<int> calls = VerbOptions.Number("--calls", "Calls of each kind in a round.", 2000, 10, 1_000_000);
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds, in which stub and client take turns.", 7, 1, 1000);
        Option<int> stallPercent = VerbOptions.Number("--stall-percent", "Calls of a hundred that stall.", 2, 0, 100);
        Option<int> stallMs = VerbOptions.Number("--stall-ms", "How long they stall.", 100, 1, 10_000);
        Option<int> serviceMs = VerbOptions.Number("--service-ms", "Mean time of the others, exponential.", 5, 0, 10_000);
        Option<int> hedgingMs = VerbOptions.Number("--hedging-ms", "After what time a call is sent again.", 15, 0, 10_000);

        Verb command = new("client",
            "Measure what a search costs by Ann.Client and by the generated stub, time and bytes allocated, and what hedging does "
                + "where a server stalls.",
            $"{Program.Name} client --index sift.ann --queries sift200k/query.u8bin")
        {
            index, queries, server, calls, rounds, stallPercent, stallMs, serviceMs, hedgingMs,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            int count = parsed.GetValue(calls);
            CostRequest costs = new(
                parsed.GetValue(server) ?? Path.Combine(AppContext.BaseDirectory, "ann.dll"), parsed.GetRequiredValue(index),
                parsed.GetRequiredValue(queries), count, parsed.GetValue(rounds));
            await new ClientCosts(tool, costs, cancellation).RunAsync();
            HedgingRequest hedging = new(
                parsed.GetValue(stallPercent) / 100.0, parsed.GetValue(stallMs), parsed.GetValue(serviceMs),
                parsed.GetValue(hedgingMs), count);
            await new HedgingCosts(tool, hedging, cancellation).RunAsync();
            return ExitCodes.Done;
        });
        return command;
    }
}
