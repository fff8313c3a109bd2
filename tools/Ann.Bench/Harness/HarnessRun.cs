using System.Globalization;
using Ann.Protocol.V1;
using Ann.Tool;
using Ann.Tool.Evaluation;
using Ann.Tool.Load;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Bench.Harness;

/// <summary>What is measured.</summary>
/// <param name="Rate">Requests a second of the open loop.</param>
/// <param name="Law">What the server does.</param>
/// <param name="Callers">Callers of the closed loop.</param>
internal sealed record HarnessRequest(double Rate, StallLaw Law, int Callers);

/// <summary>
/// Whether <c>ann load</c> tells the truth: over real sockets, against a server whose law is known, its percentiles beside those that the
/// law has; and beside them what a closed loop says of the same server.
/// </summary>
internal sealed class HarnessRun(ToolContext tool, HarnessRequest request, CancellationToken cancellation)
{
    private const double Tolerance = 0.05;
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(20);

    /// <summary>Measures and prints.</summary>
    /// <returns>True where every percentile of the open loop is within 5 % of the law's.</returns>
    public async Task<bool> RunAsync()
    {
        await using StubServer server = await StubServer.StartAsync(cancellation);
        LoadRequests requests = new(new SearchRequest { Index = "stub", K = 1 }, new QuerySet(new float[4], 1, 4), batch: 1);
        using GrpcTransport transport = new(ServerTarget.Plain(server.Address), 2, requests, tool.Time);
        await transport.ConnectAsync(cancellation);
        LoadRunner runner = new(tool with { Error = TextWriter.Null }, transport, recall: null);
        StallLaw calm = request.Law with { StallLength = 0 };
        bool holds = true;
        foreach ((StallLaw law, string name) in (IEnumerable<(StallLaw, string)>)[(calm, "no stall"), (request.Law, "a stall")])
        {
            LoadRun open = await MeasureAsync(server, runner, law, callers: 0);
            LoadRun closed = await MeasureAsync(server, runner, law, request.Callers);
            holds &= Print(name, law, open, closed);
        }
        return holds;
    }

    private async Task<LoadRun> MeasureAsync(StubServer server, LoadRunner runner, StallLaw law, int callers)
    {
        LoadPlan plan = new()
        {
            Rate = callers > 0 ? 0 : request.Rate,
            Concurrency = callers,
            Arrivals = Arrivals.Poisson,
            Seed = 1,
            WarmUp = TimeSpan.FromSeconds(1),
            Duration = TimeSpan.FromSeconds(law.Length),
            MaxInFlight = 1_000_000,
        };
        long start = tool.Time.GetTimestamp() + (long)(Lead.TotalSeconds * tool.Time.TimestampFrequency);
        server.Follow(law, start + tool.Time.TimestampFrequency);
        return await runner.RunAsync(plan, start, static (loop, _, _) => loop, cancellation);
    }

    private bool Print(string name, StallLaw law, LoadRun open, LoadRun closed)
    {
        tool.Out.WriteLine(Text(
            $"{name}: {open.Answered:N0} of {open.Due:N0} answered, sent {open.Harness.LateP99Us:N0} us late at p99; ")
            + Text($"closed loop, {request.Callers} callers: {closed.Answered:N0} answered"));
        bool holds = true;
        foreach ((string percentile, double share, double found, double wrong) in (IEnumerable<(string, double, double, double)>)
            [
                ("p50", 0.5, open.Latency.P50Us, closed.Latency.P50Us),
                ("p99", 0.99, open.Latency.P99Us, closed.Latency.P99Us),
                ("p99.9", 0.999, open.Latency.P999Us, closed.Latency.P999Us),
            ])
        {
            double wanted = law.Quantile(share) * 1e6;
            double error = found / wanted - 1;
            bool counts = share >= 0.99;
            holds &= !counts || Math.Abs(error) <= Tolerance;
            tool.Out.WriteLine(Text(
                $"  {percentile,-6} law {wanted / 1000,9:N2} ms  open loop {found / 1000,9:N2} ms ({error:+0.0%;-0.0%})")
                + Text($"  closed loop {wrong / 1000,9:N2} ms ({wrong / wanted - 1:+0.0%;-0.0%})"));
        }
        return holds;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
