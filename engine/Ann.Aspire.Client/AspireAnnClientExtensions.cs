using Ann.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Ann.Aspire.Client;

/// <summary>Clients of AnnServer in Aspire applications.</summary>
public static class AspireAnnClientExtensions
{
    private const string Section = "Aspire:Ann:Client";
    private const string Telemetry = "Ann.Client";

    /// <summary>
    /// Adds an <see cref="AnnClient"/> with its health check, traces and metrics. Its options are checked when the application starts.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">
    /// Name of the connection string, which is the name of the resource in the AppHost; and of a section of settings of its own.
    /// </param>
    /// <param name="configureSettings">Changes the settings that were read.</param>
    /// <param name="configureOptions">Changes what else the client has, when all else is set.</param>
    /// <exception cref="FormatException">The connection string cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There is neither a connection string nor an endpoint.</exception>
    public static void AddAnnClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<AnnClientSettings>? configureSettings = null,
        Action<AnnClientOptions>? configureOptions = null)
    {
        AnnClientSettings settings = ReadSettings(builder, connectionName, configureSettings);
        builder.Services.AddAnnClient(options => Configure(builder, connectionName, settings, options, configureOptions)).ValidateOnStart();
        AddSight(builder, settings, "Ann.Client", static services => services.GetRequiredService<AnnClient>());
    }

    /// <summary>
    /// Adds a client by a name, as a keyed service: <c>[FromKeyedServices("name")] AnnClient client</c>. The name is that of the connection
    /// string too.
    /// </summary>
    /// <inheritdoc cref="AddAnnClient"/>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the service, the connection string and a section of settings of its own.</param>
    /// <param name="configureSettings">Changes the settings that were read.</param>
    /// <param name="configureOptions">Changes what else the client has, when all else is set.</param>
    public static void AddKeyedAnnClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<AnnClientSettings>? configureSettings = null,
        Action<AnnClientOptions>? configureOptions = null)
    {
        AnnClientSettings settings = ReadSettings(builder, name, configureSettings);
        builder.Services.AddAnnClient(name, options => Configure(builder, name, settings, options, configureOptions)).ValidateOnStart();
        AddSight(builder, settings, $"Ann.Client_{name}", services => services.GetRequiredKeyedService<AnnClient>(name));
    }

    private static AnnClientSettings ReadSettings(IHostApplicationBuilder builder, string name, Action<AnnClientSettings>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        AnnClientSettings settings = new();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{name}").Bind(settings);
        if (builder.Configuration.GetConnectionString(name) is { Length: > 0 } text)
            settings.Read(name, text);
        configure?.Invoke(settings);
        return settings.Endpoint is { Length: > 0 } ? settings : throw new InvalidOperationException(
            $"Nothing says where the server is: ConnectionStrings:{name} ('Endpoint=ADDRESS'), {Section}:Endpoint or "
            + $"{Section}:{name}:Endpoint was expected.");
    }

    private static void Configure(
        IHostApplicationBuilder builder,
        string name,
        AnnClientSettings settings,
        AnnClientOptions options,
        Action<AnnClientOptions>? configure)
    {
        builder.Configuration.GetSection($"{Section}:Options").Bind(options);
        builder.Configuration.GetSection($"{Section}:{name}:Options").Bind(options);
        options.Address = settings.Endpoint!;
        options.ApiKey = settings.Key;
        configure?.Invoke(options);
    }

    private static void AddSight(
        IHostApplicationBuilder builder, AnnClientSettings settings, string check, Func<IServiceProvider, AnnClient> client)
    {
        if (!settings.DisableHealthChecks)
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                check, services => new ServerHealthCheck(client(services)), failureStatus: null, tags: null, settings.HealthCheckTimeout));
        if (!settings.DisableTracing)
            builder.Services.AddOpenTelemetry().WithTracing(static traces => traces.AddSource(Telemetry));
        if (!settings.DisableMetrics)
            builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter(Telemetry));
    }
}
