using System.Globalization;
using Ann.Tool.Reports;
using Spectre.Console;

namespace Ann.Tool.Load;

/// <summary>
/// Shows loads while they run: a table that changes where a person watches standard error, else a line a second and load. Safe for any
/// number of threads.
/// </summary>
internal sealed class LoadWatch(ToolContext tool)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<Watched> _watched = [];

    /// <summary>Follows a loop until it ends, while <see cref="ShowAsync"/> shows it.</summary>
    /// <param name="name">Of the load; empty for one alone.</param>
    /// <param name="loop">Ends when nothing is sent any more.</param>
    /// <param name="recorder">What it counts.</param>
    /// <param name="calls">What is under way.</param>
    public async Task FollowAsync(string name, Task loop, LoadRecorder recorder, LoadCalls calls)
    {
        Watched watched = new(name, recorder, calls);
        lock (_lock)
            _watched.Add(watched);
        await Task.WhenAny(loop).ConfigureAwait(false);
        lock (_lock)
            _watched.Remove(watched);
    }

    /// <summary>Shows what is followed, each second.</summary>
    /// <param name="until">The end.</param>
    public async Task ShowAsync(Task until)
    {
        if (!tool.ErrorIsTerminal)
        {
            await TickAsync(until, Tell);
            return;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(tool.Error) });
        await console.Live(new Text("warming up")).StartAsync(live => TickAsync(until, () => live.UpdateTarget(TableOf(Current()))));
    }

    private async Task TickAsync(Task until, Action show)
    {
        using PeriodicTimer timer = new(Interval, tool.Time);
        while (true)
        {
            Task<bool> tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(until, tick) == until)
                return;
            show();
        }
    }

    private Watched[] Current()
    {
        lock (_lock)
            return [.. _watched];
    }

    private void Tell()
    {
        foreach (Watched one in Current())
        {
            string name = one.Name.Length == 0 ? "" : one.Name + ", ";
            if (one.Recorder.LastSecond(tool.Time.GetTimestamp()) is not LoadSecond second || second.Second == one.Told)
            {
                if (one.Name.Length == 0)
                    tool.Notice(one.Told == 0 ? "warming up" : $"no whole second yet, {one.Calls.InFlight:N0} under way");
                continue;
            }
            one.Told = second.Second;
            tool.Notice(name + Text($"{second.Second} s: {second.Due:N0} due, {second.Answered:N0} answered, {second.Errors:N0} failed, ")
                + Text($"p50 {second.P50Us:N0} us, p99 {second.P99Us:N0} us, {one.Calls.InFlight:N0} under way"));
        }
    }

    private Table TableOf(IEnumerable<Watched> all)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("load");
        foreach (string column in (string[])["second", "due", "answered", "failed", "p50 ms", "p99 ms", "max ms", "under way"])
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (Watched one in all)
        {
            LoadSecond? second = one.Recorder.LastSecond(tool.Time.GetTimestamp());
            string[] cells = second is null
                ? ["–", "–", "–", "–", "–", "–", "–"]
                :
                [
                    Text($"{second.Second}"), Text($"{second.Due:N0}"), Text($"{second.Answered:N0}"), Text($"{second.Errors:N0}"),
                    Text($"{second.P50Us / 1000:N2}"), Text($"{second.P99Us / 1000:N2}"), Text($"{second.MaxUs / 1000:N2}"),
                ];
            table.AddRow([Markup.Escape(one.Name.Length == 0 ? "load" : one.Name), .. cells, Text($"{one.Calls.InFlight:N0}")]);
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Watched(string name, LoadRecorder recorder, LoadCalls calls)
    {
        public string Name => name;

        public LoadRecorder Recorder => recorder;

        public LoadCalls Calls => calls;

        public int Told { get; set; }
    }
}
