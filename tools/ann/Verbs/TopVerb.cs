using System.CommandLine;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Ann.Tool.Top;
using Spectre.Console;

namespace Ann.Tool.Verbs;

/// <summary><c>ann top</c>: a server, live.</summary>
internal static class TopVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> ops = new("--ops")
        {
            Description = "The server's port for operators, its setting OpsListen: HOST:PORT, or a URL.",
            DefaultValueFactory = _ => "127.0.0.1:9464",
            HelpName = "HOST:PORT",
        };
        ConnectionOptions connection = new(ops);
        Option<int> interval = VerbOptions.Number("--interval", "Seconds between two looks.", 2, 1, 3600);
        Option<bool> once = new("--once") { Description = "Show one interval and end, as where the output is no terminal." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("top",
            "Watch a running server: calls, times, queues, memory, and for each index its rate, p50, p99, recall. Ctrl-C ends it. The "
            + "server needs its port for operators: ann serve --ops-listen 127.0.0.1:9464.",
            "ann top", "ann top --ops https://10.0.0.7:9464 --ca ca.pem --api-key @watch.key --interval 5", "ann top --once --json")
        {
            connection, interval, once, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using OpsConnection server = new(connection.Read(tool, parsed), tool.Time);
            TimeSpan pause = TimeSpan.FromSeconds(parsed.GetValue(interval));
            TopSample last = await server.SampleAsync(cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, (await NextAsync(server, last, tool, pause, cancellation)).Frame, ToolJson.Default.TopReport);
            else if (parsed.GetValue(once) || !tool.OutIsTerminal)
                ConsoleOf(tool).Write(TopView.Of((await NextAsync(server, last, tool, pause, cancellation)).Frame));
            else
                await WatchAsync(server, last, tool, pause, cancellation);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task WatchAsync(
        OpsConnection server, TopSample last, ToolContext tool, TimeSpan pause, CancellationToken cancellation)
    {
        try
        {
            await ConsoleOf(tool).Live(new Text($"{server.Address}: the first figures come after {pause.TotalSeconds:0} s"))
                .StartAsync(async live =>
                {
                    while (true)
                    {
                        (TopReport frame, last) = await NextAsync(server, last, tool, pause, cancellation);
                        live.UpdateTarget(TopView.Of(frame));
                    }
                });
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // How watching ends.
        }
    }

    private static async Task<(TopReport Frame, TopSample Sample)> NextAsync(
        OpsConnection server, TopSample last, ToolContext tool, TimeSpan pause, CancellationToken cancellation)
    {
        await Task.Delay(pause, tool.Time, cancellation);
        TopSample now = await server.SampleAsync(cancellation);
        string state = await server.StateAsync(cancellation);
        return (TopFrames.Between(server.Address, state, last, now, tool.Time.GetElapsedTime(last.At, now.At).TotalSeconds), now);
    }

    private static IAnsiConsole ConsoleOf(ToolContext tool)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(tool.Out),
            Ansi = tool.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!tool.OutIsTerminal)
            console.Profile.Width = 160;
        return console;
    }
}
