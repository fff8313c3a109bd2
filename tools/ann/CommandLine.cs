using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Ann.Core;
using Ann.Tool.Verbs;

namespace Ann.Tool;

/// <summary>From arguments to an exit code: the one place where a failure becomes a line and a number.</summary>
internal static class CommandLine
{
    /// <summary>How arguments are read: <c>@FILE</c> is a value, such as a file of keys, and no file of further arguments.</summary>
    internal static ParserConfiguration Parsing { get; } = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line of <c>ann</c>.</summary>
    public static Task<int> RunAsync(string[] args, ToolContext tool, CancellationToken cancellation) =>
        RunAsync("ann", Root, args, tool, cancellation);

    /// <summary>Runs one command line of a program.</summary>
    /// <param name="program">Its name, at the head of every message.</param>
    /// <param name="create">Makes its commands.</param>
    /// <param name="args">What was typed.</param>
    /// <param name="tool">What the commands have of the world.</param>
    /// <param name="cancellation">Asks for an orderly end.</param>
    public static async Task<int> RunAsync(
        string program, Func<ToolContext, RootCommand> create, string[] args, ToolContext tool, CancellationToken cancellation)
    {
        tool = tool with { Files = new NamingFileSystem(tool.Files), Command = TypedLine.Of(program, args) };
        RootCommand root = create(tool);
        root.Options.OfType<HelpOption>().Single().Action = new ExampleHelp();
        ParseResult parsed = root.Parse(args, Parsing);
        if (CommandLineFaults.Of(parsed) is string fault)
        {
            string command = parsed.CommandResult.Command is RootCommand ? program : $"{program} {NameOf(parsed.CommandResult)}";
            tool.Error.WriteLine($"{command}: {fault} Try '{command} --help'.");
            return ExitCodes.BadInput;
        }
        try
        {
            InvocationConfiguration configuration = new()
            {
                Output = tool.Out,
                Error = tool.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // Program handles the signals.
            };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            tool.Error.WriteLine($"{program}: cancelled; nothing was left half-written.");
            return ExitCodes.Cancelled;
        }
        catch (Exception e) when (e is AnnException or IOException or UnauthorizedAccessException)
        {
            tool.Error.WriteLine($"{program}: " + e.Message.ReplaceLineEndings(" "));
            return ExitCodes.BadInput;
        }
#pragma warning disable CA1031 // The last frame of the process: whatever is left is ours, and is shown whole.
        catch (Exception e)
        {
            tool.Error.WriteLine($"{program}: internal error, please report it:");
            tool.Error.WriteLine(e);
            return ExitCodes.Internal;
        }
#pragma warning restore CA1031
    }

    /// <summary>A command as it is typed: with the one that it belongs to.</summary>
    private static string NameOf(CommandResult result) =>
        result.Parent is CommandResult { Command: not RootCommand } parent
            ? $"{NameOf(parent)} {result.Command.Name}"
            : result.Command.Name;

    /// <summary>The commands of <c>ann</c>.</summary>
    internal static RootCommand Root(ToolContext tool) =>
        new("AnnServer: items in, an HNSW index, nearest neighbours out.")
        {
            DemoVerb.Create(tool),
            SampleVerb.Create(tool),
            EncodeVerb.Create(tool),
            BuildVerb.Create(tool),
            ConvertVerb.Create(tool),
            InfoVerb.Create(tool),
            VerifyVerb.Create(tool),
            EvalVerb.Create(tool),
            TruthVerb.Create(tool),
            TuneVerb.Create(tool),
            DiffVerb.Create(tool),
            ReleaseVerb.Create(tool),
            ServeVerb.Create(tool),
            ConfigVerb.Create(tool),
            KeysVerb.Create(tool),
            HealthVerb.Create(tool),
            ListVerb.Create(tool),
            DescribeVerb.Create(tool),
            EncodersVerb.Create(tool),
            EncoderVerb.Create(tool),
            QueryVerb.Create(tool),
            RecommendVerb.Create(tool),
            RangeVerb.Create(tool),
            ScrollVerb.Create(tool),
            PrepareVerb.Create(tool),
            ExplainVerb.Create(tool),
            LoadVerb.Create(tool),
            CaptureVerb.Create(tool),
            ReplayVerb.Create(tool),
            TopVerb.Create(tool),
            CreateVerb.Create(tool),
            DropVerb.Create(tool),
            ImportVerb.Create(tool),
            SetVerb.Create(tool),
            ExportVerb.Create(tool),
            AttachVerb.Create(tool),
            DetachVerb.Create(tool),
            PromoteVerb.Create(tool),
            RollbackVerb.Create(tool),
            CompactVerb.Create(tool),
            SnapshotVerb.Create(tool),
            RestoreVerb.Create(tool),
            CompletionVerb.Create(tool),
        };
}
