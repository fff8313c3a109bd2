using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann set</c>: named sets of keys that searches can exclude, such as what a user has seen.</summary>
internal static class SetVerb
{
    private const int MaxTtlSeconds = 31_536_000;

    /// <summary>The command with its two own ones.</summary>
    public static Command Create(ToolContext tool) => new Verb("set",
        "Keep named sets of keys on a running server, for searches to exclude (ann query --exclude-set NAME).",
        "ann set append --index shop --set seen:user:42 --keys m-17,m-18 --ttl-s 86400",
        "ann set drop --index shop --set seen:user:42 --json")
    {
        Append(tool),
        Drop(tool),
    };

    private static Verb Append(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index.");
        Option<string> set = SetName();
        Option<string> keys = VerbOptions.Required("--keys", KeyLists.ValueName, "Keys to add. They need not be items.");
        Option<int> ttl = VerbOptions.Number(
            "--ttl-s", "Seconds until the set is forgotten, unless it is appended to again; 0 leaves it as it is.", 0, 0, MaxTtlSeconds);
        Option<bool> json = VerbOptions.Json();
        Verb command = new("append",
            "Add keys to a set; makes it when there is none.",
            "ann set append --index shop --set seen:user:42 --keys @seen.txt")
        {
            index, set, keys, ttl, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            AppendToSetRequest request = new()
            {
                Index = parsed.GetRequiredValue(index),
                Set = parsed.GetRequiredValue(set),
                Keys = new KeyColumn(),
            };
            if (parsed.GetValue(ttl) is int seconds and > 0)
                request.TtlS = (uint)seconds;
            IndexDescription description = await server.DescribeAsync(request.Index, cancellation);
            KeyLists.Read(tool, "--keys", parsed.GetRequiredValue(keys), description, request.Keys);
            AppendToSetResponse done = await server.WriteAsync(
                ingest => ingest.AppendToSetAsync(request, cancellationToken: cancellation), cancellation);
            SetReport report = new(request.Index, request.Set, done.Size);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.SetReport);
            else
                tool.Out.WriteLine($"{report.Index}: set {report.Set} has {report.Size:N0} keys");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Verb Drop(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index.");
        Option<string> set = SetName();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("drop", "Remove a set.", "ann set drop --index shop --set seen:user:42")
        {
            index, set, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            DropSetRequest request = new() { Index = parsed.GetRequiredValue(index), Set = parsed.GetRequiredValue(set) };
            using ServerConnection server = connection.Open(tool, parsed);
            DropSetResponse done = await server.WriteAsync(
                ingest => ingest.DropSetAsync(request, cancellationToken: cancellation), cancellation);
            SetReport report = new(request.Index, request.Set, done.Size);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.SetReport);
            else
                tool.Out.WriteLine($"{report.Index}: set {report.Set} is dropped; it had {report.Size:N0} keys");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Option<string> SetName() => VerbOptions.Required("--set", "NAME", "Name of the set, such as seen:user:42.");
}
