using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Server.Encoders;

/// <summary>An encoder of either kind, and the batches that calls share. Whoever made the threads disposes those first.</summary>
internal sealed class ServedEncoder : IDisposable
{
    private readonly TextEncoder? _text;
    private readonly FeatureEncoder? _features;

    private ServedEncoder(TextEncoder text) => _text = text;

    private ServedEncoder(FeatureEncoder features) => _features = features;

    /// <summary>Which encoder it is.</summary>
    public EncoderInfo Info => _text?.Info ?? _features!.Info;

    /// <summary>What it reads; null where it reads texts.</summary>
    public FeatureInput? Input => _features?.Input;

    /// <summary>The batches of a text encoder. Null of the other kind, and before <see cref="Serve"/>.</summary>
    public MicroBatcher<RoleText>? Texts { get; private set; }

    /// <summary>The batches of a feature encoder. Null of the other kind, and before <see cref="Serve"/>.</summary>
    public MicroBatcher<FeatureBytes>? Features { get; private set; }

    /// <summary>Calls that wait for a run to begin.</summary>
    public int Waiting => Texts?.Waiting ?? Features?.Waiting ?? 0;

    /// <summary>Opens a directory or a model file.</summary>
    /// <exception cref="AnnException">As the encoder says.</exception>
    public static ServedEncoder Open(IFileSystem files, string path, EncoderOptions options) =>
        EncoderDraft.KindOf(files, path) == EncoderKind.Features
            ? new ServedEncoder(FeatureEncoder.Open(files, path, options))
            : new ServedEncoder(TextEncoder.Open(files, path, options));

    /// <summary>Opens the embedded encoder.</summary>
    /// <inheritdoc cref="Open"/>
    public static ServedEncoder OpenDefault(IFileSystem files, string cacheDirectory, EncoderOptions options) =>
        new(TextEncoder.OpenDefault(files, cacheDirectory, options));

    /// <summary>Takes calls from here on.</summary>
    /// <param name="limits">How much may wait.</param>
    /// <param name="threads">What it runs on.</param>
    /// <param name="time">The clock of its deadlines.</param>
    /// <param name="ran">Told of each run.</param>
    public void Serve(BatchQueueLimits limits, EncoderThreads threads, TimeProvider time, Action<BatchReport> ran)
    {
        if (_text is not null)
            Texts = new MicroBatcher<RoleText>(new TextBatches(_text), limits, threads, time, ran);
        else
            Features = new MicroBatcher<FeatureBytes>(new FeatureBatches(_features!), limits, threads, time, ran);
    }

    /// <summary>Takes no more calls, and disposes itself when the last run has ended. For one that goes before its threads do.</summary>
    public void Retire()
    {
        if (Texts is { } texts)
            texts.Retire(Dispose);
        else if (Features is { } features)
            features.Retire(Dispose);
        else
            Dispose();
    }

    public void Dispose()
    {
        _text?.Dispose();
        _features?.Dispose();
    }
}
