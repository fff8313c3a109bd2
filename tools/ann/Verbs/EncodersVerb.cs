using System.CommandLine;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encoders</c>: the text encoders that a server hosts.</summary>
internal static class EncodersVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("encoders",
            "List the text encoders of a running server with their fingerprints, and those that its indexes need and it does not host.",
            "ann encoders --json")
        {
            connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            EncodersReport report = new(server.Address, HostedIndexes.Encoders(await server.ListAsync(cancellation)));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncodersReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(TextWriter text, EncodersReport report)
    {
        if (report.Encoders.Count == 0)
            text.WriteLine($"{report.Address} hosts no text encoder");
        foreach (EncoderReport one in report.Encoders)
        {
            string what = !one.Hosted ? "NOT HOSTED: texts cannot be asked"
                : one.Dimension is null ? "hosted"
                : $"dimension {one.Dimension}, {one.Provider}";
            string users = one.Indexes.Count == 0 ? "no index needs it" : "of " + string.Join(", ", one.Indexes);
            text.WriteLine($"{one.Fingerprint}  {(one.Name.Length == 0 ? "(no name)" : one.Name)}: {what}; {users}");
        }
    }
}
