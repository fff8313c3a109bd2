using System.CommandLine;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann serve</c>: hosts index files over gRPC until it is stopped.</summary>
internal static class ServeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string[]> indexes = new("files") { Description = "Index files to host.", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> data = VerbOptions.Optional(
            "--data", "DIR", "Directory whose .ann files and live indexes are all hosted. Created when missing.");
        Option<string?> snapshots = VerbOptions.Optional(
            "--snapshots", "DIR", "Directory that snapshots of live indexes are copied to. Without it they are refused.");
        Option<string[]> encoder = new("--encoder")
        {
            Description = "Directory of a text encoder to host. May be repeated. The embedded one is always there.",
            HelpName = "DIR",
        };
        Option<string> listen = new("--listen")
        {
            Description = "Address and port; port 0 takes a free one. Anything but loopback is open to others, unencrypted.",
            DefaultValueFactory = _ => "127.0.0.1:50051",
            HelpName = "HOST:PORT",
        };
        Option<string> providers = new("--providers")
        {
            Description = "ONNX Runtime execution providers of the encoders, in order of preference; auto takes the best of this build.",
            DefaultValueFactory = _ => "auto",
            HelpName = "A,B",
        };
        Option<bool> require = new("--require-provider")
        {
            Description = "Fail when the first provider is not there, instead of falling back.",
        };
        Option<string> residence = VerbOptions.Residence();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("serve",
            "Host index files over gRPC until Ctrl-C. With --json the document appears once the server serves.",
            "ann serve items.ann", "ann serve --data /var/lib/ann --listen 0.0.0.0:50051")
        {
            indexes, data, snapshots, encoder, listen, providers, require, residence, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string[] files = parsed.GetValue(indexes) ?? [];
            string directory = parsed.GetValue(data) ?? "";
            if (files.Length == 0 && directory.Length == 0)
                throw AnnException.Invalid("files", "nothing to serve: name .ann files, or --data DIR.");
            if (directory.Length > 0)
                tool.Files.CreateDirectory(directory);
            return RunAsync(tool, Configure, parsed.GetValue(json), cancellation);

            void Configure(ServerOptions options)
            {
                options.Listen = parsed.GetValue(listen)!;
                options.DataDirectory = directory;
                if (parsed.GetValue(snapshots) is string copies)
                    options.SnapshotDirectory = copies;
                foreach (string file in files)
                    options.IndexFiles.Add(file);
                foreach (string path in parsed.GetValue(encoder) ?? [])
                    options.EncoderDirectories.Add(path);
                options.EncoderProviders = parsed.GetValue(providers)!;
                options.RequireEncoderProvider = parsed.GetValue(require);
                if (parsed.GetResult(residence) is { Implicit: false })
                    options.Residence = VerbOptions.ResidenceOf(parsed.GetRequiredValue(residence));
                options.EncoderCacheDirectory = tool.CacheDirectory;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(ToolContext tool, Action<ServerOptions> configure, bool json, CancellationToken cancellation)
    {
        await using AnnServerHost host = await AnnServerHost.StartAsync(configure, ServerLog.Full, cancellation);
        using (ServerConnection server = new(host.Address))
        {
            IReadOnlyList<IndexDescription> hosted = await server.ListAsync(cancellation);
            ServeReport report = new(host.Address, [.. hosted.Select(Describe)]);
            if (json)
                ToolJson.Write(tool, report, ToolJson.Default.ServeReport);
            else
                Print(tool.Out, report);
            await tool.Out.FlushAsync(CancellationToken.None);
        }
        await UntilStoppedAsync(cancellation);
        tool.Notice("stopping: calls under way may end.");
        await host.StopAsync(CancellationToken.None);
        return ExitCodes.Done;
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
        foreach (ServedIndex index in report.Indexes)
        {
            text.WriteLine(index.Failure is null
                ? $"  {index.Name}: {index.Rows:N0} items of dimension {index.Dimension}, generation {index.Generation}, "
                    + $"layout {index.Layout}, {index.LoadedBytes:N0} bytes loaded, {index.MappedBytes:N0} mapped"
                : $"  {index.Name}: {index.State}: {index.Failure}");
        }
    }
}
