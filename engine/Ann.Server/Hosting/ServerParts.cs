using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Encoding.Batching;
using Ann.Server.Access;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Errors;
using Ann.Server.Health;
using Ann.Server.Recall;
using Ann.Server.Services;
using Ann.Server.Settings;
using Ann.Server.Telemetry;
using Ann.Server.Transport;
using Ann.Server.Web;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>What of the world around the server a test may replace.</summary>
internal sealed record ServerSurroundings
{
    public IFileSystem Files { get; init; } = PhysicalFileSystem.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Adds the sinks of the log; null sends it to standard error.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>Where settings come from, beside code.</summary>
    public SettingInputs Settings { get; init; } = new();

    /// <summary>True where the process does nothing but serve, so that its pool of threads is the server's.</summary>
    public bool OwnsProcess { get; init; }

    /// <summary>Called when the settings are known and good, before anything that they name is looked for.</summary>
    public Action<ServerOptions>? Checked { get; init; }
}

/// <summary>Puts the server together. Each method adds one part.</summary>
internal static class ServerParts
{
    /// <summary>Streams of one connection beside its waiting searches: health watches, reflection, List.</summary>
    private const int OtherStreams = 100;

    /// <summary>Time for connections to close after the drain; whatever still runs then is cut.</summary>
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(2);

    /// <summary>Reads and checks the settings, at once: which parts a server has depends on them.</summary>
    /// <exception cref="OptionsValidationException">Some cannot be used.</exception>
    public static ServerOptions AddOptions(this WebApplicationBuilder builder, Action<ServerOptions> configure, SettingSources sources)
    {
        SettingsReader reader = new(sources);
        ServerOptions options = new OptionsFactory<ServerOptions>(
            [reader, new ConfigureOptions<ServerOptions>(configure)], [], [reader, .. EffectiveSettings.Checks])
            .Create(Options.DefaultName);
        builder.Services.AddSingleton(Options.Create(options));
        builder.Services.AddOptions<HostOptions>().Configure(
            host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds) + ClosingTime);
        return options;
    }

    public static void AddEngine(this IServiceCollection services, ServerSurroundings surroundings)
    {
        services.AddSingleton<IHostLifetime, HostedByCaller>();
        services.AddSingleton(surroundings.Files);
        services.AddSingleton(surroundings.Time);
        services.AddSingleton(static provider =>
        {
            ServerOptions options = provider.GetRequiredService<IOptions<ServerOptions>>().Value;
            IFileSystem files = provider.GetRequiredService<IFileSystem>();
            return new IndexCatalog(IndexSource.Find(files, options.IndexFiles, options.DataDirectory), options.DataDirectory);
        });
        services.AddSingleton(static provider =>
            new BackgroundThreads(provider.GetRequiredService<IOptions<ServerOptions>>().Value.BackgroundShare));
        services.AddSingleton<SealingLog>();
        services.AddSingleton<ReleasedEncoders>();
        services.AddSingleton(static provider => Opening(
            provider.GetRequiredService<IOptions<ServerOptions>>().Value, provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BackgroundThreads>(),
            provider.GetRequiredService<SealingLog>(), provider.GetRequiredService<ReleasedEncoders>()));
        services.AddSingleton<EncoderCatalog>();
        services.AddSingleton<QueryEncoders>();
        services.AddSingleton<DrainGate>();
        services.AddSingleton<HealthBoard>();
        services.AddSingleton<IReadyThreads, PoolThreads>();
        services.AddSingleton(static provider => ReserveOf(
            provider.GetRequiredService<IOptions<ServerOptions>>().Value, provider.GetRequiredService<IReadyThreads>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static provider => LimitParts.Callers(
            provider.GetRequiredService<IOptions<ServerOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AdmissionControl>();
        services.AddSingleton<CallLimits>();
        services.AddSingleton<CallWork>();
        services.AddSingleton<RequestGauge>();
        services.AddSingleton<LiveRecallBoard>();
        services.AddSingleton<LiveRecallFile>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<CallSight>();
        services.AddSingleton<SearchSight>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<IndexGauges>();
        services.AddSingleton<LoadGauges>();
        services.AddSingleton<LiveRecallSampler>();
        services.AddSingleton<SearchPipeline>();
        services.AddSingleton<SearchKinds>();
        services.AddSingleton<NearestCall>();
        services.AddSingleton<RankedCall>();
        services.AddSingleton<SearchManyCall>();
        services.AddSingleton<RecommendCall>();
        services.AddSingleton<RangeCall>();
        services.AddSingleton<ExplainCall>();
        services.AddSingleton<ScrollCall>();
        services.AddSingleton<FetchCall>();
        services.AddSingleton<PrepareFilterCall>();
        services.AddSingleton<EmbedCall>();
        services.AddSingleton<EncodedRows>();
        services.AddSingleton<QueryEncoding>();
        services.AddSingleton<WireWarmUp>();
        services.AddSingleton<StartPhase>();
        services.AddHostedService<StopPhase>();
    }

    public static void AddCalls(this IServiceCollection services)
    {
        services.AddSingleton(static parts => new HeapReturn(
            parts.GetRequiredService<RequestGauge>().Budget, parts.GetRequiredService<CallLimits>().Replies,
            parts.GetRequiredService<TimeProvider>(), HeapReturn.ShrinkHeap));
        services.AddSingleton<ErrorInterceptor>();
        services.AddSingleton<DrainInterceptor>();
        services.AddSingleton<ChangeLog>();
        services.AddSingleton<RefusedWrites>();
        services.AddSingleton<RetrievalService>();
        services.AddSingleton<IndexesService>();
        services.AddSingleton<IngestService>();
        services.AddSingleton<HealthService>();
        services.AddGrpc(static grpc => grpc.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<RetrievalService>(static grpc => grpc.Interceptors.Add<DrainInterceptor>())
            .AddServiceOptions<IndexesService>(static grpc =>
            {
                grpc.Interceptors.Add<DrainInterceptor>();
                grpc.Interceptors.Add<ChangeLog>();
            })
            .AddServiceOptions<IngestService>(static grpc =>
            {
                grpc.Interceptors.Add<DrainInterceptor>();
                grpc.Interceptors.Add<RefusedWrites>();
            });
        services.AddSingleton<RecentSlowQueries>();
        services.AddSingleton<SlowQueryLog>();
        services.AddSingleton<SlowQueries>();
        services.AddSingleton<CaptureLog>();
        services.AddSingleton<Captures>();
        services.AddOptions<GrpcServiceOptions<RetrievalService>>().Configure<IOptions<ServerOptions>>(static (grpc, server) =>
        {
            if (server.Value.SlowQueryFile.Length > 0)
                grpc.Interceptors.Add<SlowQueries>();
            if (server.Value.CaptureFile.Length > 0)
                grpc.Interceptors.Add<Captures>();
        });
        services.RemoveAll(typeof(IServiceMethodProvider<>)).AddSingleton(typeof(IServiceMethodProvider<>), typeof(ServiceMethods<>));
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ServerOptions>>(
            static (grpc, server) =>
            {
                grpc.MaxReceiveMessageSize = Math.Max(server.Value.MaxMessageBytes, server.Value.MaxQueryBytes);
                grpc.CompressionProviders = []; // rows hardly shrink, and nobody could tell what a compressed message takes
            });
        services.AddGrpcReflection();
    }

    public static void AddListener(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerOptions>>(static (sockets, server) =>
        {
            // Frames are read and written on the thread that the socket woke, one hop less each way. Calls are not: HTTP/2 hands every
            // stream to the thread pool, so no search holds up a connection.
            sockets.UnsafePreferInlineScheduling = true;
            if (server.Value.SocketFile.Length > 0)
                sockets.CreateBoundListenSocket = LocalSocket.BinderOf(server.Value);
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            ServerOptions options = kestrel.ApplicationServices.GetRequiredService<IOptions<ServerOptions>>().Value;
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the limit of each message rules: its length is known before it is read
            kestrel.Limits.MinRequestBodyDataRate = null; // as does the one on its time
            kestrel.Limits.MaxResponseBufferSize = 0; // who waits for an answer to be written waits for all of it: ReplyDrain
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(options.KeepAliveSeconds);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(options.KeepAliveSeconds);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(options.HeaderSeconds);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(options.IdleConnectionSeconds);
            // One connection must be able to fill the queue: overload is then an answer, not a silent wait inside the client.
            kestrel.Limits.Http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection > 0
                ? options.MaxStreamsPerConnection
                : OtherStreams
                + options.MaxConcurrentSearches + options.SearchQueueLimit
                + options.MaxConcurrentEmbeds * BatchBounds.MostRows + options.EmbedQueueLimit
                + options.MaxWriteStreams + options.MaxConcurrentWrites + options.WriteQueueLimit;
            kestrel.Listen(ListenAddress.Parse(options.Listen), static listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (listen.ApplicationServices.GetRequiredService<ServerTls>() is { IsOn: true } tls)
                    tls.Use(listen);
                WatchReplies(listen);
            });
            if (options.OpsListen.Length > 0)
                OpsPort.Listen(kestrel, options.OpsListen); // after the calls' own: the first address is theirs
            if (options.ServesWeb)
                kestrel.ListenForWeb(options);
            if (options.SocketFile.Length > 0)
            {
                kestrel.ListenUnixSocket(LocalSocket.PathOf(options), static listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    WatchReplies(listen);
                });
            }
        });
    }

    /// <summary>Says which requests are answered by whom.</summary>
    /// <param name="app">The server.</param>
    /// <param name="export">Null where nobody wants telemetry.</param>
    public static void MapCalls(this WebApplication app, TelemetryExport? export)
    {
        ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        if (export is not null && options.OpsListen.Length > 0)
            app.MapOps(export);
        app.Use(static (context, next) =>
        {
            ShortDeadlines.Correct(context);
            return next(context);
        });
        app.UseAccess();
        if (options.ServesWeb)
            app.Use(app.Services.GetRequiredService<WebCalls>().RunAsync);
        else
            app.Use(app.Services.GetRequiredService<RequestGauge>().RunAsync);
        app.Services.GetRequiredService<HeapReturn>(); // begins to look
        MethodAccess.Give(app.MapGrpcService<RetrievalService>());
        MethodAccess.Give(app.MapGrpcService<IndexesService>());
        MethodAccess.Give(app.MapGrpcService<IngestService>());
        app.MapGrpcService<HealthService>().RequireAccess(AccessPolicies.Health);
        app.MapGrpcReflectionService().RequireAccess(AccessPolicies.Reflection);
        if (options.ServesWeb)
            app.MapWeb(options);
    }

    /// <summary>Of a listener of calls: whoever waits for an answer to be written waits for all of it.</summary>
    private static void WatchReplies(ListenOptions listen) => listen.Use(static next => connection =>
    {
        ReplyDrain.Begin(connection.Items);
        return next(connection);
    });

    /// <summary>A thread a core, as the pool has it; under load one more for each search.</summary>
    private static ThreadReserve ReserveOf(ServerOptions options, IReadyThreads pool, TimeProvider time)
    {
        ThreadPool.GetMinThreads(out int workers, out _);
        ThreadCounts counts = new(workers, Math.Max(workers, Environment.ProcessorCount + options.MaxConcurrentSearches));
        return new ThreadReserve(counts, pool, time);
    }

    private static CatalogOpening Opening(
        ServerOptions options, IFileSystem files, TimeProvider time, BackgroundThreads background, SealingLog sealing,
        ReleasedEncoders encoders)
    {
        long limit = options.MemoryBudgetBytes > 0
            ? options.MemoryBudgetBytes
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3; // of the machine, or of the container
        return new CatalogOpening
        {
            Files = files,
            Residence = options.Residence,
            Budget = new MemoryBudget(limit),
            Time = time,
            // No index can be named so: a name begins with a letter or a digit.
            SetDirectory = options.DataDirectory.Length == 0 ? null : Path.Combine(options.DataDirectory, "_sets"),
            Live = new LiveIndexOptions
            {
                CommitWindow = TimeSpan.FromMilliseconds(options.CommitWindowMs),
                HeadRows = options.HeadRows,
                BackgroundShare = options.BackgroundShare,
                Background = background,
                LogRetentionBytes = options.LogRetentionBytes,
                Residence = options.Residence,
                SetBudget = new MemoryBudget(options.SetBytes),
                Sealed = sealing.Write,
                Flushed = sealing.Flushed,
                Encoders = encoders,
            },
        };
    }
}
