using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Server.Encoders;

/// <summary>An encoder of either kind, and the batches that calls share. Whoever made the threads disposes those first.</summary>
internal sealed class ServedEncoder : IDisposable
{
    private readonly TextEncoder? _text;
    private readonly FeatureEncoder? _features;
    private EncoderThreads? _threads;

    private ServedEncoder(TextEncoder text) => _text = text;

    private ServedEncoder(FeatureEncoder features) => _features = features;

    /// <summary>Which encoder it is.</summary>
    public EncoderInfo Info => _text?.Info ?? _features!.Info;

    /// <summary>What it reads; null where it reads texts.</summary>
    public FeatureInput? Input => _features?.Input;

    /// <summary>The batches of a text encoder. Null of the other kind, and before <see cref="Serve"/>.</summary>
    public MicroBatcher<RoleText>? Texts { get; private set; }

    /// <summary>The batches of a feature encoder. Null of the other kind, and before <see cref="Serve"/>.</summary>
    public MicroBatcher<FeatureValues>? Features { get; private set; }

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
    /// <param name="limits">Of the calls that wait.</param>
    /// <param name="threads">What it runs on.</param>
    /// <param name="time">Of deadlines.</param>
    /// <param name="held">Held by each run; null where it is open as long as the threads are.</param>
    public void Serve(BatchQueueLimits limits, EncoderThreads threads, TimeProvider time, GenerationEncoder? held = null)
    {
        if (_text is not null)
            Texts = new MicroBatcher<RoleText>(Held(new TextBatches(_text)), limits, threads, time);
        else
            Features = new MicroBatcher<FeatureValues>(Held(new FeatureBatches(_features!)), limits, threads, time);
        _threads = threads;

        IBatchEncoder<T> Held<T>(IBatchEncoder<T> batches)
            where T : notnull, IEquatable<T> => held is null ? batches : new HeldBatches<T>(batches, held);
    }

    public void Dispose()
    {
        if (Texts is not null)
            _threads?.Remove(Texts);
        if (Features is not null)
            _threads?.Remove(Features);
        _text?.Dispose();
        _features?.Dispose();
    }
}
