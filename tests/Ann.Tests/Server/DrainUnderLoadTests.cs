using Ann.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: a server that is stopped under load takes no request with it: its callers, which know two servers and retry as gRPC's own client
/// does, see no failure.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class DrainUnderLoadTests(SampleIndexes samples)
{
    private const int Callers = 8;

    /// <summary>Real processes and a real signal.</summary>
    [Fact]
    public async Task SigtermUnderLoadFailsNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        Dictionary<string, string> nothing = [];
        using ServeProcess first = await ServeProcess.StartAsync(nothing, samples.Cosine, "--listen", "127.0.0.1:0");
        using ServeProcess second = await ServeProcess.StartAsync(nothing, samples.Cosine, "--listen", "127.0.0.1:0");
        using Load load = new(samples, first.Address, second.Address);
        await load.RunAsync(500);

        (int code, string errors) = await first.StopAsync("TERM");

        await load.RunAsync(500);
        Assert.Equal(0, code);
        Assert.Contains("Stopped.", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("calls are cut", errors, StringComparison.Ordinal);
        await load.EndAsync();
    }

    [Fact]
    public async Task AStopUnderLoadFailsNothing()
    {
        await using RunningServer first = await RunningServer.StartAsync(samples);
        await using RunningServer second = await RunningServer.StartAsync(samples);
        using Load load = new(samples, first.Host.Address, second.Host.Address);
        await load.RunAsync(500);

        await first.Host.StopAsync();

        await load.RunAsync(500);
        await load.EndAsync();
    }

    /// <summary>Callers that ask without a pause. Each wants its five results, whichever server answers.</summary>
    private sealed class Load : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly ServiceProvider _services;
        private readonly GrpcChannel _channel;
        private readonly Task[] _callers;
        private long _answers;

        public Load(SampleIndexes samples, params string[] addresses)
        {
            StaticResolverFactory servers = new(_ => addresses.Select(static one => new Uri(one))
                .Select(static one => new BalancerAddress(one.Host, one.Port)));
            _services = new ServiceCollection().AddSingleton<ResolverFactory>(servers).BuildServiceProvider();
            _channel = GrpcChannel.ForAddress("static:///servers", new GrpcChannelOptions
            {
                Credentials = ChannelCredentials.Insecure,
                ServiceProvider = _services,
                ServiceConfig = new ServiceConfig
                {
                    LoadBalancingConfigs = { new RoundRobinConfig() },
                    MethodConfigs =
                    {
                        new MethodConfig
                        {
                            Names = { MethodName.Default },
                            RetryPolicy = new RetryPolicy
                            {
                                MaxAttempts = 5,
                                InitialBackoff = TimeSpan.FromMilliseconds(10),
                                MaxBackoff = TimeSpan.FromMilliseconds(100),
                                BackoffMultiplier = 2,
                                RetryableStatusCodes = { StatusCode.Unavailable },
                            },
                        },
                    },
                },
            });
            _callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AskAsync(samples, caller)))];
        }

        /// <summary>Ends when so many more were answered.</summary>
        public async Task RunAsync(int answers)
        {
            long until = Interlocked.Read(ref _answers) + answers;
            await RunningServer.Eventually(
                () => Interlocked.Read(ref _answers) >= until || _callers.Any(static caller => caller.IsCompleted), "calls are answered");
        }

        /// <summary>Fails where a caller has seen a failure.</summary>
        public async Task EndAsync()
        {
            await _end.CancelAsync();
            await Task.WhenAll(_callers);
        }

        public void Dispose()
        {
            _end.Cancel();
            _channel.Dispose();
            _services.Dispose();
            _end.Dispose();
        }

        private async Task AskAsync(SampleIndexes samples, int caller)
        {
            Retrieval.RetrievalClient client = new(_channel);
            for (int i = caller; !_end.IsCancellationRequested; i++)
            {
                SearchRequest request = new()
                {
                    Index = "named",
                    K = 5,
                    Queries = RunningServer.Bytes(samples.Rows[i % SampleIndexes.Count]),
                };
                DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(60);
                SearchResponse answer = await client.SearchAsync(request, deadline: deadline);
                Assert.Equal(5, answer.Scores.Count);
                Interlocked.Increment(ref _answers);
            }
        }
    }
}
