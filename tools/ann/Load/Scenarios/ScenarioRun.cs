using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Ann.Tool.Top;
using Grpc.Core;

namespace Ann.Tool.Load.Scenarios;

/// <summary>What a scenario is run against.</summary>
/// <param name="Server">The server.</param>
/// <param name="Index">The index.</param>
/// <param name="Queries">File of query vectors of streams that name none; null for none.</param>
/// <param name="Scale">What all rates are multiplied by.</param>
/// <param name="Ops">The server's port for operators; null where its own figures are not wanted.</param>
internal sealed record ScenarioTarget(ServerTarget Server, string Index, string? Queries, double Scale, OpsConnection? Ops);

/// <summary>
/// Runs a scenario: every stream at its own rate through its phases, events at their times, and afterwards the recall of some of the very
/// answers. A phase begins at its time, whatever the one before has under way.
/// </summary>
internal sealed class ScenarioRun(ToolContext tool, Scenario scenario, ScenarioTarget target)
{
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs it. Cancelled, it reports as far as it came.</summary>
    /// <exception cref="AnnException">A stream cannot be sent at all.</exception>
    public async Task<ScenarioReport> RunAsync(CancellationToken cancellation)
    {
        using ServerConnection server = new(target.Server);
        IndexDescription index = await server.DescribeAsync(target.Index, cancellation);
        List<Stream> streams = [];
        try
        {
            KeyColumn keys = await StreamSource.KeysOfAsync(server, target.Index, cancellation);
            foreach (ScenarioStream stream in scenario.Streams)
            {
                StreamSource source = StreamSource.Read(tool, stream, scenario.Seed + streams.Count, index, target.Queries, keys);
                streams.Add(new Stream(stream, new StreamTransport(target.Server, source, tool.Time), source.Seed));
                await ConnectAsync(server, streams[^1], cancellation);
            }
            return await RunAsync(server, index, streams, cancellation);
        }
        finally
        {
            foreach (Stream stream in streams)
                stream.Transport.Dispose();
        }
    }

    private static async Task ConnectAsync(ServerConnection server, Stream stream, CancellationToken cancellation)
    {
        try
        {
            await stream.Transport.ConnectAsync(cancellation); // what is refused once is refused always
        }
        catch (RpcException e)
        {
            Exception named = server.Named(e, cancellation);
            throw named is AnnException known
                ? new AnnException(known.Error, $"stream '{stream.Plan.Name}': {known.Message}", e)
                : named;
        }
    }

    private async Task<ScenarioReport> RunAsync(
        ServerConnection server, IndexDescription index, List<Stream> streams, CancellationToken cancellation)
    {
        long begin = tool.Time.GetTimestamp() + Ticks(Lead.TotalSeconds + scenario.WarmUpS);
        LoadWatch watch = new(tool);
        List<Task<StreamPhase>> runs = [];
        double first = 0;
        for (int phase = 0; phase < scenario.Phases.Count; phase++)
        {
            ScenarioPhase part = scenario.Phases[phase];
            tool.Notice($"phase {part.Name}: {part.Seconds:0.#} s from {first:0.#} s on");
            foreach (Stream stream in streams.Where(one => one.Plan.Phases is null || one.Plan.Phases.Contains(part.Name)))
                runs.Add(RunAsync(stream, phase, begin, first, watch, cancellation));
            first += part.Seconds;
        }
        Task<StreamPhase[]> all = Task.WhenAll(runs);
        Task<List<ScenarioDone>> events = new ScenarioEvents(tool, server, target.Index, scenario.Events).RunAsync(begin, cancellation);
        Task<IReadOnlyList<ScenarioServer>> sight = WatchServerAsync(begin, cancellation);
        await watch.ShowAsync(all);
        StreamPhase[] done = await all;

        List<ScenarioFigures> figures = [];
        foreach (StreamPhase one in done)
        {
            (double? recall, int samples) = one.Samples is null
                ? (null, 0)
                : await one.Samples.MeasureAsync(one.Stream.Transport.ExactAsync, cancellation);
            figures.Add(new ScenarioFigures(
                one.Stream.Plan.Name, one.Stream.Plan.Kind, scenario.Phases[one.Phase].Name, one.Run with { Recall = recall }, samples));
        }
        return new ScenarioReport
        {
            Scenario = scenario.Name,
            Description = scenario.Description,
            Server = server.Address,
            Index = index.Name,
            Rows = (long)index.Count,
            Dimension = (int)index.Dimension,
            Scale = target.Scale,
            Seed = scenario.Seed,
            Phases = scenario.Phases,
            Figures = figures,
            Events = await events,
            ServerFigures = await sight,
            EndedEarly = cancellation.IsCancellationRequested,
        };
    }

    private async Task<StreamPhase> RunAsync(
        Stream stream, int phase, long begin, double first, LoadWatch watch, CancellationToken cancellation)
    {
        ScenarioPhase part = scenario.Phases[phase];
        double warmUp = phase == 0 ? scenario.WarmUpS : 0;
        LoadPlan plan = new()
        {
            Rate = stream.Plan.Rate * part.RateFactor * target.Scale,
            Arrivals = stream.Plan.Arrivals == "constant" ? Arrivals.Constant : Arrivals.Poisson,
            Seed = stream.Seed * 1000 + phase,
            WarmUp = TimeSpan.FromSeconds(warmUp),
            Duration = TimeSpan.FromSeconds(part.Seconds),
            Deadline = stream.Plan.DeadlineMs == 0 ? null : TimeSpan.FromMilliseconds(stream.Plan.DeadlineMs),
            MaxInFlight = stream.Plan.MaxInFlight,
        };
        double expected = plan.Rate * (warmUp + part.Seconds);
        ExactSamples? samples = stream.Plan.RecallSamples == 0 ? null : new ExactSamples(stream.Plan.RecallSamples, expected);
        // No phase asks what another asked: its numbers begin where those of the one before surely end.
        ILoadTransport transport = stream.Transport.From((long)phase << 32, samples);
        LoadRun run = await new LoadRunner(tool, transport, recall: null).RunAsync(
            plan, begin + Ticks(first - warmUp),
            (loop, recorder, calls) => watch.FollowAsync($"{stream.Plan.Name}, {part.Name}", loop, recorder, calls), cancellation);
        return new StreamPhase(stream, phase, run with { FirstSecond = first }, samples);
    }

    /// <summary>What the server says of itself, phase by phase.</summary>
    private async Task<IReadOnlyList<ScenarioServer>> WatchServerAsync(long begin, CancellationToken cancellation)
    {
        List<ScenarioServer> figures = [];
        if (target.Ops is not OpsConnection ops)
            return figures;
        try
        {
            await WaitAsync(begin, cancellation);
            TopSample last = await ops.SampleAsync(cancellation);
            double at = 0;
            foreach (ScenarioPhase phase in scenario.Phases)
            {
                at += phase.Seconds;
                await WaitAsync(begin + Ticks(at), cancellation);
                TopSample now = await ops.SampleAsync(cancellation);
                TopReport frame = TopFrames.Between(
                    ops.Address, "", last, now, tool.Time.GetElapsedTime(last.At, now.At).TotalSeconds);
                figures.Add(new ScenarioServer(
                    phase.Name, frame.CpuCores, frame.WorkingSetBytes, frame.GcPauseShare, frame.P99Ms, frame.BrownOut));
                last = now;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or AnnException)
        {
            if (e is AnnException)
                tool.Notice($"the server's own figures are not known: {e.Message}");
        }
        return figures;
    }

    private async Task WaitAsync(long timestamp, CancellationToken cancellation)
    {
        TimeSpan left = tool.Time.GetElapsedTime(tool.Time.GetTimestamp(), timestamp);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, tool.Time, cancellation);
    }

    private long Ticks(double seconds) => (long)(seconds * tool.Time.TimestampFrequency);

    private sealed record Stream(ScenarioStream Plan, StreamTransport Transport, int Seed);

    private sealed record StreamPhase(Stream Stream, int Phase, LoadRun Run, ExactSamples? Samples);
}
