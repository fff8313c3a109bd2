using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Load.Scenarios;

/// <summary>Lets the events of a scenario happen, each at its time, one after another.</summary>
internal sealed class ScenarioEvents(ToolContext tool, ServerConnection server, string index, IReadOnlyList<ScenarioEvent> events)
{
    private string? _attached;

    /// <summary>Runs to the last of them. One that fails is told in the report, and the load goes on.</summary>
    /// <param name="begin">Begin of the first phase.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<List<ScenarioDone>> RunAsync(long begin, CancellationToken cancellation)
    {
        List<ScenarioDone> done = [];
        foreach (ScenarioEvent one in events.OrderBy(static one => one.AtS))
        {
            try
            {
                TimeSpan left = TimeSpan.FromSeconds(one.AtS) - tool.Time.GetElapsedTime(begin, tool.Time.GetTimestamp());
                if (left > TimeSpan.Zero)
                    await Task.Delay(left, tool.Time, cancellation);
                long started = tool.Time.GetTimestamp();
                double at = tool.Time.GetElapsedTime(begin, started).TotalSeconds;
                string? fault = null;
                try
                {
                    await DoAsync(one, cancellation);
                }
                catch (AnnException e)
                {
                    fault = e.Message;
                }
                done.Add(new ScenarioDone(one.Kind, at, tool.SecondsSince(started), fault));
                tool.Notice(fault is null ? $"{one.Kind}: done" : $"{one.Kind}: {fault}");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }
        }
        return done;
    }

    private async Task DoAsync(ScenarioEvent one, CancellationToken cancellation)
    {
        switch (one.Kind)
        {
            case "attach":
                AttachRequest attach = new() { Index = index, File = one.File };
                _attached = (await server.ChangeAsync(
                    indexes => indexes.AttachAsync(attach, cancellationToken: cancellation), cancellation)).Generation.Id;
                break;
            case "promote":
                PromoteRequest promote = new()
                {
                    Index = index,
                    Generation = one.Generation ?? _attached
                        ?? throw AnnException.Invalid("generation", "promote names no generation, and none was attached."),
                };
                if (one.Force)
                    promote.Force = true;
                await server.ChangeAsync(indexes => indexes.PromoteAsync(promote, cancellationToken: cancellation), cancellation);
                break;
            case "rollback":
                RollbackRequest rollback = new() { Index = index };
                await server.ChangeAsync(indexes => indexes.RollbackAsync(rollback, cancellationToken: cancellation), cancellation);
                break;
            default:
                CompactRequest compact = new() { Index = index };
                await server.ChangeAsync(indexes => indexes.CompactAsync(compact, cancellationToken: cancellation), cancellation);
                break;
        }
    }
}
