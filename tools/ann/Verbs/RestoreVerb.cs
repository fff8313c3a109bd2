using System.CommandLine;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann restore</c>: a snapshot becomes a live index of a data directory, offline. Damage is a failed check (1).</summary>
internal static class RestoreVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> from = VerbOptions.Required("--from", "DIR", "The snapshot.");
        Option<string> data = VerbOptions.Required("--data", "DIR", "Data directory of a stopped server. Created when missing.");
        Option<string?> name = VerbOptions.Optional("--name", "NAME", "Name of the index. Default: the name of the snapshot's directory.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("restore",
            "Make a live index of a snapshot. Every file's hash is verified; exit code 1 names the file that is damaged.",
            "ann restore --from snapshots/shop-monday --data /var/lib/ann --name shop")
        {
            from, data, name, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            RestoreReport report;
            try
            {
                report = Run(tool, parsed.GetRequiredValue(from), parsed.GetRequiredValue(data), parsed.GetValue(name), cancellation);
            }
            catch (AnnException e) when (e.Error == AnnError.Corrupt)
            {
                tool.Error.WriteLine("ann: " + e.Message);
                return Task.FromResult(ExitCodes.CheckFailed);
            }
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.RestoreReport);
            else
            {
                tool.Out.WriteLine(
                    $"{report.Directory}: restored from {report.From} in {report.Seconds:F1} s, log position {report.LogPosition}; "
                    + $"served as '{report.Index}'");
            }
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static RestoreReport Run(ToolContext tool, string from, string data, string? name, CancellationToken cancellation)
    {
        long start = tool.Time.GetTimestamp();
        if (!tool.Files.FileExists(Path.Combine(from, SnapshotDirectory.ListFile)))
        {
            throw AnnException.BadInput(
                from, "", $"it is no snapshot: it holds no file {SnapshotDirectory.ListFile}. ann snapshot makes one.");
        }
        string index = name ?? IndexName.OfDirectory(Path.GetFullPath(from));
        IndexName.RequireField("--name", index);
        string file = Path.Combine(data, index + IndexName.FileExtension);
        if (tool.Files.FileExists(file))
            throw AnnException.BadInput(file, "", $"an index named '{index}' is there already. Give another --name.");
        tool.Files.CreateDirectory(data);
        string to = Path.Combine(data, index);
        long position = SnapshotDirectory.Restore(tool.Files, from, to, cancellation);
        return new RestoreReport(from, to, index, position, tool.SecondsSince(start));
    }
}
