using System.CommandLine;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann serve</c>: hosts index files over gRPC until it is stopped.</summary>
internal static class ServeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ServeOptions options = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("serve",
            "Host index files over gRPC until Ctrl-C. With --json the document appears once the server serves. Every setting of the server "
            + "is an option; what is not given is taken from the environment (Ann__SearchQueueLimit), then from the file of --config.",
            "ann serve items.ann",
            "ann serve --data /var/lib/ann --listen 0.0.0.0:50051 --tls-cert server.pem --tls-key server.key --api-keys keys.json",
            "ann serve --data data --memory-budget-bytes 4GiB --drain-seconds 30s --log-format json");
        options.AddTo(command);
        command.Add(json);
        command.SetAction((parsed, cancellation) => RunAsync(tool, options.Read(tool, parsed), parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ToolContext tool, SettingInputs settings, bool json, CancellationToken cancellation)
    {
        ServerSurroundings surroundings = new() { Settings = settings, Checked = RequireSomething, OwnsProcess = true };
        AnnServerHost host;
        try
        {
            host = await AnnServerHost.StartAsync(static _ => { }, surroundings, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            tool.Notice("stopped before it served.");
            return ExitCodes.Done;
        }
        await using (host)
        {
            ServeReport report = new(host.Address, host.WebAddress, [.. host.Described.Select(Describe)]);
            if (json)
                ToolJson.Write(tool, report, ToolJson.Default.ServeReport);
            else
                Print(tool.Out, report);
            await tool.Out.FlushAsync(CancellationToken.None);
            tool.Supervisor.Tell(isServing: true);
            await UntilStoppedAsync(cancellation);
            tool.Supervisor.Tell(isServing: false);
            await host.StopAsync(CancellationToken.None);
        }
        return ExitCodes.Done;

        void RequireSomething(ServerOptions options)
        {
            if (options.IndexFiles.Count == 0 && options.DataDirectory.Length == 0)
                throw AnnException.Invalid("files", "nothing to serve: name .ann files, or --data DIR.");
            if (options.DataDirectory.Length > 0)
                tool.Files.CreateDirectory(options.DataDirectory);
        }
    }

    /// <summary>Being stopped is how serving ends; it is no failure.</summary>
    public static async Task UntilStoppedAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    private static ServedIndex Describe(IndexDescription index) => new(
        index.Name, index.State.ToString().ToLowerInvariant(), index.Count, index.Dimension, index.Generation,
        index.Layout.ToString().ToLowerInvariant(), index.LoadedBytes, index.MappedBytes, index.Failure.Length == 0 ? null : index.Failure);

    private static void Print(TextWriter text, ServeReport report)
    {
        text.WriteLine($"serving on {report.Address}");
        if (report.Web is not null)
            text.WriteLine($"web on {report.Web}");
        foreach (ServedIndex index in report.Indexes)
        {
            text.WriteLine(index.Failure is null
                ? $"  {index.Name}: {index.Rows:N0} items of dimension {index.Dimension}, generation {index.Generation}, "
                    + $"layout {index.Layout}, {index.LoadedBytes:N0} bytes loaded, {index.MappedBytes:N0} mapped"
                : $"  {index.Name}: {index.State}: {index.Failure}");
        }
    }
}
