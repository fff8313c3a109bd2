using System.CommandLine;
using Ann.Bench.Cold;
using Ann.Core.Searching;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>cold</c>: the first answers of a server that has just begun to serve.</summary>
internal static class ColdVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> index = VerbOptions.Required("--index", "FILE", "The .ann file to serve.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors.");
        Option<string?> server = VerbOptions.Optional(
            "--server", "FILE", "The program ann, or its ann.dll; left out: the one beside this program.");
        Option<int> k = VerbOptions.Number("--k", "Results of a query.", 10, 1, SearchParameters.MaxK);
        Option<int> ef = VerbOptions.Number("--ef", "Beam width.", 64, 1, SearchParameters.MaxEfSearch);
        Option<int> runs = VerbOptions.Number("--runs", "Servers started.", 5, 1, 1000);

        Verb command = new("cold",
            "Start servers, and ask each from the moment that its health says SERVING: latency of the first answer, of the first second, "
                + "and when it is warm.",
            $"{Program.Name} cold --index sift.ann --queries sift200k/query.u8bin")
        {
            index, queries, server, k, ef, runs,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            ColdRequest request = new(
                parsed.GetValue(server) ?? Path.Combine(AppContext.BaseDirectory, "ann.dll"), parsed.GetRequiredValue(index),
                parsed.GetRequiredValue(queries), parsed.GetValue(k), Math.Max(parsed.GetValue(ef), parsed.GetValue(k)),
                parsed.GetValue(runs));
            await new ColdRun(tool, request, cancellation).RunAsync();
            return ExitCodes.Done;
        });
        return command;
    }
}
