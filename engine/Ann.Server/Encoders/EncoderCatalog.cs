using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Batching;
using Ann.Encoding.Defaults;
using Ann.Server.Telemetry;

namespace Ann.Server.Encoders;

/// <summary>The encoders that the server hosts, by name and by fingerprint. Empty until <see cref="Open"/>.</summary>
internal sealed class EncoderCatalog(ServerMetrics metrics, TimeProvider time) : IDisposable
{
    /// <summary>Longest name looked up, in characters. Errors quote it, and travel in headers, which are small.</summary>
    private const int MaxNameLength = 256;

    private volatile IReadOnlyList<ServedEncoder>? _encoders;

    /// <summary>Opens the encoders that the options name. An encoder that was asked for and cannot be opened stops the start.</summary>
    /// <param name="files">Where they are.</param>
    /// <param name="options">Which, and how they run.</param>
    /// <param name="providerLost">Told an encoder and a notice when its device is lost and another provider takes its place.</param>
    /// <exception cref="AnnException">As the encoder says; <see cref="AnnError.AlreadyExists"/> when two have one name.</exception>
    public void Open(IFileSystem files, ServerOptions options, Action<string, string> providerLost)
    {
        EncoderOptions how = HowTo(options, providerLost);
        List<ServedEncoder> opened = [];
        try
        {
            foreach (string directory in options.EncoderDirectories)
                Add(ServedEncoder.Open(files, BuiltInEncoder.PlaceOf(files, directory, options.EncoderCacheDirectory), how));
            if (options.EmbeddedEncoder)
                Add(ServedEncoder.OpenDefault(files, options.EncoderCacheDirectory, how));
        }
        catch
        {
            foreach (ServedEncoder encoder in opened)
                encoder.Dispose();
            throw;
        }
        Threads = new EncoderThreads(options.MaxConcurrentEmbeds);
        foreach (ServedEncoder encoder in opened)
            Serve(encoder, options);
        _encoders = opened;

        void Add(ServedEncoder encoder)
        {
            opened.Add(encoder);
            if (opened.Count(other => other.Info.Name == encoder.Info.Name) > 1)
            {
                throw new AnnException(
                    AnnError.AlreadyExists, $"Two encoders are named '{encoder.Info.Name}'. Rename one of their directories.");
            }
        }
    }

    /// <summary>How the server opens encoders.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="providerLost">As for <see cref="Open"/>.</param>
    public static EncoderOptions HowTo(ServerOptions options, Action<string, string> providerLost) => new()
    {
        Providers = options.EncoderProviders.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        RequireProvider = options.RequireEncoderProvider,
        Device = options.EncoderDevice,
        ProviderOptions = [.. options.EncoderProviderOptions],
        EngineCacheDirectory = EncoderOptions.EnginesIn(options.EncoderCacheDirectory),
        Threads = options.EncoderThreads,
        ProviderLost = providerLost,
        MaxModelBytes = options.MaxModelBytes,
    };

    /// <summary>Lets an encoder take calls, on the threads that all of them share.</summary>
    /// <exception cref="AnnException">Unavailable: the encoders are being opened.</exception>
    public void Serve(ServedEncoder encoder, ServerOptions options)
    {
        EncoderThreads threads = Threads ?? throw new AnnException(AnnError.Unavailable, "The encoders are loading.");
        encoder.Serve(new BatchQueueLimits(options.EmbedQueueLimit, options.EmbedCacheRows), threads, time, metrics.Encoded);
    }

    /// <summary>What they run on; null before <see cref="Open"/>.</summary>
    public EncoderThreads? Threads { get; private set; }

    /// <summary>What is hosted.</summary>
    public IEnumerable<EncoderInfo> Hosted => (_encoders ?? []).Select(static encoder => encoder.Info);

    /// <summary>The encoders themselves.</summary>
    public IReadOnlyList<ServedEncoder> All => _encoders ?? [];

    /// <summary>The encoder of that fingerprint; null when it is not hosted.</summary>
    public ServedEncoder? WithFingerprint(ulong fingerprint) =>
        (_encoders ?? []).FirstOrDefault(encoder => encoder.Info.Fingerprint == fingerprint);

    /// <summary>The encoder of that name.</summary>
    /// <exception cref="AnnException">NotFound; InvalidArgument: too long; Unavailable: the encoders are being opened.</exception>
    public ServedEncoder Named(string name)
    {
        if (name.Length > MaxNameLength)
            throw AnnException.Invalid("encoder", $"encoder takes {name.Length} characters; it must be at most {MaxNameLength}.");
        IReadOnlyList<ServedEncoder> encoders = _encoders ?? throw new AnnException(AnnError.Unavailable, "The encoders are loading.");
        return encoders.FirstOrDefault(encoder => encoder.Info.Name == name)
            ?? throw new AnnException(AnnError.NotFound, $"No encoder is named '{name}'.");
    }

    public void Dispose()
    {
        Threads?.Dispose(); // no run is under way after that
        foreach (ServedEncoder encoder in _encoders ?? [])
            encoder.Dispose();
    }
}
