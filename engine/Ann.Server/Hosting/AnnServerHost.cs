using System.Net;
using System.Net.Sockets;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Ann.Server.Settings;
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
    private readonly bool _ownsProcess;
    private readonly ILogger<AnnServerHost> _log;
    private Task? _stop;
    private bool _disposed;

    private AnnServerHost(WebApplication app, bool ownsProcess)
    {
        _app = app;
        _ownsProcess = ownsProcess;
        _log = app.Services.GetRequiredService<ILogger<AnnServerHost>>();
    }

    /// <summary>Where the server listens, such as <c>http://127.0.0.1:50051</c>; port 0 has become the real one.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

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
        builder.AddOptions(configure, sources);
        builder.AddLogging(surroundings.Logging, sources);
        builder.Services.AddEngine(surroundings);
        builder.Services.AddCalls();
        builder.AddListener();
        WebApplication? app = null;
        try
        {
            app = builder.Build();
            ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
            surroundings.Checked?.Invoke(options);
            app.MapCalls();
            app.Services.GetRequiredService<StartPhase>().Announce(); // makes the catalog, so it finds duplicate and missing files
            return new AnnServerHost(app, surroundings.OwnsProcess);
        }
        catch (Exception e)
        {
            ((IDisposable?)app)?.Dispose();
            if (e is OptionsValidationException invalid)
                throw BadSettings([.. invalid.Failures]);
            throw;
        }
    }

    /// <summary>Opens the port. Health and List answer from here on.</summary>
    internal async Task ListenAsync(CancellationToken cancellation)
    {
        ServerOptions options = _app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        IPEndPoint endpoint = ListenAddress.Parse(options.Listen);
        _app.Services.GetRequiredService<ThreadReserve>().Begin();
        try
        {
            await _app.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _stop = Task.CompletedTask; // it never ran
            throw AnnException.Invalid(nameof(ServerOptions.Listen), $"Cannot listen on {endpoint}: {Innermost(e).Message}");
        }
        Listening(Address);
        if (!IPAddress.IsLoopback(endpoint.Address))
            OpenToOthers(endpoint);
    }

    /// <summary>Opens what is to be served.</summary>
    internal async Task LoadAsync(CancellationToken cancellation)
    {
        ServerOptions options = _app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        await Task.Run(() => _app.Services.GetRequiredService<StartPhase>().RunAsync(options, cancellation), cancellation);
        if (_ownsProcess)
            _app.Services.GetRequiredService<ThreadReserve>().LetGo();
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
        await _app.DisposeAsync();
    }

    private static AnnException BadSettings(IReadOnlyList<string> faults) => new(
        AnnError.InvalidArgument, (faults.Count > 1 ? $"{faults.Count} settings cannot be used. " : "") + string.Join(" ", faults))
    {
        Field = Setting.Section,
        Violations = [.. faults.Select(static fault => new AnnViolation(Setting.Section, fault))],
    };

    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Listening on {Address}.")]
    private partial void Listening(string address);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning,
        Message = "{Endpoint} is open to other machines, without encryption or authentication.")]
    private partial void OpenToOthers(IPEndPoint endpoint);

    [LoggerMessage(EventId = 32, Level = LogLevel.Error,
        Message = "{Active} calls did not end; their indexes stay mapped until the process ends.")]
    private partial void LeftBehind(int active);
}
