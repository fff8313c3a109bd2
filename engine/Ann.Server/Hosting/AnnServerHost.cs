using System.Net;
using System.Net.Sockets;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Ann.Server.Settings;
using Ann.Server.Telemetry;
using Ann.Server.Transport;
using Ann.Server.Web;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>A running server. Made by <c>StartAsync</c>; disposing it stops it.</summary>
/// <remarks>The process's signals are not taken: the program that hosts the server decides when to stop it.</remarks>
public sealed partial class AnnServerHost : IAsyncDisposable
{
    /// <summary>How long cut calls may take to leave the memory of the indexes, after the host has stopped.</summary>
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ServerOptions _options;
    private readonly TelemetryExport? _export;
    private readonly bool _ownsProcess;
    private readonly string? _settingsFile;
    private readonly ILogger<AnnServerHost> _log;
    private Task? _stop;
    private bool _disposed;

    private AnnServerHost(WebApplication app, ServerSurroundings surroundings, TelemetryExport? export)
    {
        _app = app;
        _options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        _ownsProcess = surroundings.OwnsProcess;
        _settingsFile = surroundings.Settings.File;
        _export = export;
        _log = app.Services.GetRequiredService<ILogger<AnnServerHost>>();
    }

    /// <summary>Where the server listens, such as <c>http://127.0.0.1:50051</c>; port 0 has become the real one.</summary>
    public string Address => Addresses.First();

    /// <summary>Where health and metrics are answered; null for nowhere.</summary>
    public string? OpsAddress => _options.OpsListen.Length == 0 ? null : Addresses.ElementAt(1);

    /// <summary>Where console and REST listen, such as <c>http://127.0.0.1:50080</c>; null where neither is served.</summary>
    public string? WebAddress => _app.Services.GetService<WebAddress>()?.Now;

    /// <summary>What is hosted, and its state now.</summary>
    internal IndexCatalog Indexes => _app.Services.GetRequiredService<IndexCatalog>();

    /// <summary>What is hosted, as List tells it.</summary>
    internal IReadOnlyList<IndexDescription> Described
    {
        get
        {
            EncoderCatalog encoders = _app.Services.GetRequiredService<EncoderCatalog>();
            LiveRecallBoard recall = _app.Services.GetRequiredService<LiveRecallBoard>();
            return [.. Indexes.Indexes.Select(index => IndexDescriptions.Of(index, encoders, recall))];
        }
    }

    /// <summary>In the order in which they are listened on: calls first.</summary>
    private ICollection<string> Addresses =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    /// <summary>The parts, for tests.</summary>
    internal IServiceProvider Services => _app.Services;

    /// <summary>
    /// Opens the port, then encoders and indexes, warms them up, and returns when the server serves. Until then health says NOT_SERVING
    /// and searches get UNAVAILABLE. A damaged index does not keep the others from starting.
    /// </summary>
    /// <param name="configure">Sets options; goes before the environment.</param>
    /// <param name="logging">Adds the sinks of the log; null sends it to standard error.</param>
    /// <param name="cancellation">Ends the start; everything is closed again.</param>
    /// <exception cref="AnnException">
    /// An option is out of its range (InvalidArgument), the data directory does not exist (NotFound), not one of the named files can be
    /// served (what is wrong with the first), two files give one index name (AlreadyExists), the address
    /// cannot be listened on (InvalidArgument, names it), an encoder cannot be opened.
    /// </exception>
    public static Task<AnnServerHost> StartAsync(
        Action<ServerOptions> configure, Action<ILoggingBuilder>? logging = null, CancellationToken cancellation = default) =>
        StartAsync(configure, new ServerSurroundings { Logging = logging }, cancellation);

    /// <inheritdoc cref="StartAsync(Action{ServerOptions}, Action{ILoggingBuilder}, CancellationToken)"/>
    internal static async Task<AnnServerHost> StartAsync(
        Action<ServerOptions> configure, ServerSurroundings surroundings, CancellationToken cancellation)
    {
        AnnServerHost host = Create(configure, surroundings);
        try
        {
            await host.ListenAsync(cancellation);
            await host.LoadAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts the server together and checks its options and sources. Opens nothing.</summary>
    internal static AnnServerHost Create(Action<ServerOptions> configure, ServerSurroundings surroundings)
    {
        if (surroundings.OwnsProcess)
            PoolThreads.Claim();
        SettingSources sources = SettingSources.Read(surroundings.Settings, surroundings.Files);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        WebApplication? app = null;
        TelemetryExport? export = null;
        try
        {
            ServerOptions options = builder.AddOptions(configure, sources);
            surroundings.Checked?.Invoke(options);
            builder.AddLogging(surroundings.Logging, sources);
            builder.Services.AddEngine(surroundings);
            builder.Services.AddCalls();
            builder.Services.AddAccess(options);
            builder.Services.AddLimits(options);
            if (options.ServesWeb)
                builder.Services.AddWeb(options);
            builder.AddListener();
            app = builder.Build();
            app.OpenAccess();
            app.OpenLimits();
            export = TelemetryExport.Begin(
                options, app.Services.GetRequiredService<ServerMetrics>(), app.Services.GetRequiredService<ILoggerFactory>());
            app.MapCalls(export);
            app.Services.GetRequiredService<StartPhase>().Announce(); // makes the catalog, so it finds duplicate and missing files
            if (options.SlowQueryFile.Length > 0)
                app.Services.GetRequiredService<SlowQueryLog>(); // opens the file, or says why not
            if (options.CaptureFile.Length > 0)
                app.Services.GetRequiredService<CaptureLog>(); // likewise
            app.Services.GetRequiredService<IndexGauges>();
            app.Services.GetRequiredService<LoadGauges>();
            return new AnnServerHost(app, surroundings, export);
        }
        catch (Exception e)
        {
            export?.Dispose();
            ((IDisposable?)app)?.Dispose();
            if (e is OptionsValidationException invalid)
                throw EffectiveSettings.Refusal([.. invalid.Failures]);
            throw;
        }
    }

    /// <summary>Opens the port. Health and List answer from here on.</summary>
    internal async Task ListenAsync(CancellationToken cancellation)
    {
        IPEndPoint endpoint = ListenAddress.Parse(_options.Listen);
        _app.Services.GetRequiredService<ThreadReserve>().Begin();
        try
        {
            await _app.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _stop = Task.CompletedTask; // it never ran
            string[] others = [_options.OpsListen, _options.ServesWeb ? _options.WebListen : ""];
            string where = string.Join(" and ", others.Where(static other => other.Length > 0).Prepend($"{endpoint}"));
            throw AnnException.Invalid(nameof(ServerOptions.Listen), $"Cannot listen on {where}: {Innermost(e).Message}");
        }
        catch (AnnException)
        {
            _stop = Task.CompletedTask;
            throw;
        }
        if (_settingsFile is not null)
            SettingsRead(_settingsFile);
        Listening(Address);
        if (OpsAddress is { } ops)
            ListeningForOperators(ops);
        if (WebAddress is string web)
            ListeningForWeb(web, _options.Console ? "console and REST" : "REST");
        if (_options.SocketFile.Length > 0)
        {
            string socket = LocalSocket.PathOf(_options);
            ListeningOnSocket(socket, _options.SocketMode);
        }
        if (AccessSettings.Missing(_options) is not { } missing)
            return;
        foreach (string listens in new[] { _options.Listen, _options.OpsListen, _options.ServesWeb ? _options.WebListen : "" })
        {
            if (listens.Length > 0 && ListenAddress.Parse(listens) is { } open && !IPAddress.IsLoopback(open.Address))
                OpenToOthers(open, missing);
        }
    }

    /// <summary>Opens what is to be served.</summary>
    internal async Task LoadAsync(CancellationToken cancellation)
    {
        await Task.Run(() => _app.Services.GetRequiredService<StartPhase>().RunAsync(_options, cancellation), cancellation);
        if (_ownsProcess)
            _app.Services.GetRequiredService<ThreadReserve>().LetGo();
        _app.Services.GetService<FiguresBoard>()?.Begin();
    }

    /// <summary>
    /// Stops gracefully: health says NOT_SERVING, new calls get UNAVAILABLE, calls under way end within
    /// <see cref="ServerOptions.DrainSeconds"/> or are cut, then the port closes.
    /// </summary>
    /// <param name="cancellation">Ends the drain early: calls under way are cut at once.</param>
    /// <returns>Ends when the server has stopped. A second call waits for the first.</returns>
    public Task StopAsync(CancellationToken cancellation = default) => _stop ??= _app.StopAsync(cancellation);

    /// <summary>Stops, then closes every index.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await StopAsync();

        // A cut call still runs until its search looks at its budget. Unmapping a file under it would end the process.
        DrainGate gate = _app.Services.GetRequiredService<DrainGate>();
        try
        {
            await gate.DrainAsync().WaitAsync(LeaveTime);
        }
        catch (TimeoutException)
        {
            LeftBehind(gate.Active);
            return;
        }
        finally
        {
            _export?.Dispose(); // while the log can still be sent
        }
        await _app.DisposeAsync();
    }

    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Listening on {Address}.")]
    private partial void Listening(string address);

    [LoggerMessage(EventId = 70, Level = LogLevel.Information, Message = "Settings are read from {File}, the environment and the options.")]
    private partial void SettingsRead(string file);

    [LoggerMessage(EventId = 71, Level = LogLevel.Information, Message = "Health and metrics are answered on {Address}.")]
    private partial void ListeningForOperators(string address);

    [LoggerMessage(EventId = 36, Level = LogLevel.Information, Message = "Listening on {Address} for {Parts}.")]
    private partial void ListeningForWeb(string address, string parts);

    [LoggerMessage(EventId = 35, Level = LogLevel.Information,
        Message = "Listening on unix://{Socket} for callers of this machine, mode {Mode}.")]
    private partial void ListeningOnSocket(string socket, string mode);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning,
        Message = "{Endpoint} is open to other machines, without {Missing}, as InsecureListen wants it.")]
    private partial void OpenToOthers(IPEndPoint endpoint, string missing);

    [LoggerMessage(EventId = 32, Level = LogLevel.Error,
        Message = "{Active} calls did not end; their indexes stay mapped until the process ends.")]
    private partial void LeftBehind(int active);
}
