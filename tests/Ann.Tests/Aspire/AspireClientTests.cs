using System.Collections.Concurrent;
using System.Diagnostics;
using Ann.Aspire.Client;
using Ann.Client;
using Ann.Tests.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Ann.Tests.Aspire;

/// <summary>Goal: an application that Aspire starts has its client by one line, and sees how the server is.</summary>
[Collection(typeof(ServerTests))]
public sealed class AspireClientTests(ShopServer shop) : IClassFixture<ShopServer>
{
    private string Address => shop.Server.Host.Address;

    [Theory]
    [InlineData("Endpoint={0}")]
    [InlineData("endpoint={0};")]
    [InlineData("{0}")]
    public async Task TheConnectionStringIsEnough(string text)
    {
        using IHost program = Build(builder => builder.AddAnnClient("ann"), ("ConnectionStrings:ann", Filled(text)));
        await RequireSearchAsync(program.Services.GetRequiredService<AnnClient>());
        HealthReportEntry check = (await HealthAsync(program)).Entries["Ann.Client"];
        Assert.Equal(HealthStatus.Healthy, check.Status);
    }

    [Fact]
    public async Task KeyedClientsHaveEachTheirOwn()
    {
        using IHost program = Build(
            builder =>
            {
                builder.AddKeyedAnnClient("near");
                builder.AddKeyedAnnClient("far", static settings => settings.HealthCheckTimeout = TimeSpan.FromMinutes(1));
            },
            ("ConnectionStrings:near", $"Endpoint={Address}"),
            ("ConnectionStrings:far", "Endpoint=http://127.0.0.1:1"),
            ("Aspire:Ann:Client:far:Options:MaxAttempts", "1"));
        await RequireSearchAsync(program.Services.GetRequiredKeyedService<AnnClient>("near"));
        Assert.Null(program.Services.GetService<AnnClient>());
        HealthReport report = await HealthAsync(program);
        Assert.Equal(HealthStatus.Healthy, report.Entries["Ann.Client_near"].Status);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["Ann.Client_far"].Status);
        Assert.NotEmpty(report.Entries["Ann.Client_far"].Description!);
    }

    [Fact]
    public void WhatIsNearerToTheCodeGoesBefore()
    {
        using IHost program = Build(
            builder => builder.AddAnnClient("ann", null, static options => options.Connections = 3),
            ("Aspire:Ann:Client:Endpoint", "http://all:1"),
            ("Aspire:Ann:Client:Options:ReadTimeout", "00:00:07"),
            ("Aspire:Ann:Client:Options:WriteTimeout", "00:00:08"),
            ("Aspire:Ann:Client:Options:Connections", "2"),
            ("Aspire:Ann:Client:ann:Endpoint", "http://named:1"),
            ("Aspire:Ann:Client:ann:Options:WriteTimeout", "00:00:09"),
            ("ConnectionStrings:ann", "Endpoint=https://connected:1;Key=secret"));
        AnnClientOptions options = program.Services.GetRequiredService<IOptions<AnnClientOptions>>().Value;
        Assert.Equal(("https://connected:1", "secret"), (options.Address, options.ApiKey));
        Assert.Equal((7, 9, 3), (options.ReadTimeout.Seconds, options.WriteTimeout.Seconds, options.Connections));
    }

    [Fact]
    public void FaultsAreTold()
    {
        InvalidOperationException missing = Assert.Throws<InvalidOperationException>(() => Build(static it => it.AddAnnClient("ann")));
        Assert.Contains("ConnectionStrings:ann", missing.Message, StringComparison.Ordinal);
        (string, string)[] bad = [("Endpoint=http://a:1;Kee=s3cret", "the word 'kee'"), ("=s3cret", "no NAME=VALUE")];
        foreach ((string text, string found) in bad)
        {
            FormatException fault = Assert.Throws<FormatException>(
                () => Build(static builder => builder.AddAnnClient("ann"), ("ConnectionStrings:ann", text)));
            Assert.Contains(found, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
        }
        using IHost program = Build(static builder => builder.AddAnnClient("ann"), ("ConnectionStrings:ann", "Endpoint=nonsense"));
        OptionsValidationException refusal = Assert.Throws<OptionsValidationException>(program.Start);
        Assert.Contains("nonsense", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TracesMetricsAndHealthAreThoseOfTheApplicationUnlessTheyAreNotWanted(bool areDisabled)
    {
        SeenSpans spans = new();
        SeenMetrics metrics = new();
        using IHost program = Build(
            builder =>
            {
                builder.AddAnnClient("ann", settings =>
                    settings.DisableHealthChecks = settings.DisableMetrics = settings.DisableTracing = areDisabled);
                builder.Services.AddOpenTelemetry()
                    .WithTracing(traces => traces.AddProcessor(spans))
                    .WithMetrics(all => all.AddReader(new BaseExportingMetricReader(metrics)));
            },
            ("ConnectionStrings:ann", Address));
        TracerProvider traces = program.Services.GetRequiredService<TracerProvider>();
        MeterProvider meters = program.Services.GetRequiredService<MeterProvider>();
        await RequireSearchAsync(program.Services.GetRequiredService<AnnClient>());
        Assert.True(traces.ForceFlush() && meters.ForceFlush());
        Assert.Equal(!areDisabled, spans.Sources.Contains("Ann.Client"));
        Assert.Equal(!areDisabled, metrics.Meters.Contains("Ann.Client"));
        int checks = program.Services.GetService<IOptions<HealthCheckServiceOptions>>()?.Value.Registrations.Count ?? 0;
        Assert.Equal(areDisabled ? 0 : 1, checks);
    }

    private static IHost Build(Action<HostApplicationBuilder> add, params (string Name, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(static one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.Services.AddLogging();
        add(builder);
        return builder.Build();
    }

    private string Filled(string text) => text.Replace("{0}", Address, StringComparison.Ordinal);

    private static Task<HealthReport> HealthAsync(IHost program) =>
        program.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    private async Task RequireSearchAsync(AnnClient client)
    {
        using SearchAnswer answer = await client.Index("shop").SearchAsync(ShopServer.Query(), k: 3);
        Assert.Equal([.. shop.Nearest("shop", ShopServer.Query()).Take(3).Select(static item => item.Key)], answer.NumberKeys.ToArray());
    }

    private sealed class SeenSpans : BaseProcessor<Activity>
    {
        private readonly ConcurrentQueue<string> _sources = [];

        public IEnumerable<string> Sources => _sources;

        public override void OnEnd(Activity data) => _sources.Enqueue(data.Source.Name);
    }

    private sealed class SeenMetrics : BaseExporter<Metric>
    {
        public HashSet<string> Meters { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (Metric one in batch)
                Meters.Add(one.MeterName);
            return ExportResult.Success;
        }
    }
}
