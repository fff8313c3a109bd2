using Ann.Core.Files;

namespace Ann.Encoding;

/// <summary>What an encoder makes of its input, and which one it is.</summary>
/// <param name="Name">For people: the directory's name, or <c>default</c>.</param>
/// <param name="Dimension">Components of a row.</param>
/// <param name="Fingerprint">Hash over model, tokenizer, pooling and normalisation: two encoders with one fingerprint give the same rows.</param>
/// <param name="Provider">The ONNX Runtime execution provider in use: <c>cpu</c>, <c>cuda</c>, …</param>
public sealed record EncoderInfo(string Name, int Dimension, ulong Fingerprint, string Provider)
{
    /// <summary>The fingerprint as 16 lower-case hex digits: its form in files and JSON.</summary>
    public string FingerprintText => Fingerprint.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>How to open an encoder.</summary>
public sealed record EncoderOptions
{
    /// <summary>Execution providers in order of preference. Default: cuda, then cpu.</summary>
    public IReadOnlyList<string> Providers { get; init; } = ["cuda", "cpu"];

    /// <summary>Make a missing first provider an error instead of a logged fall-back. Default: false.</summary>
    public bool RequireProvider { get; init; }

    /// <summary>Threads of one inference. 0: ONNX Runtime's own choice.</summary>
    public int Threads { get; init; }
}

/// <summary>Texts in, one vector each out. Safe for any number of threads at once.</summary>
public sealed class TextEncoder : IDisposable
{
    /// <summary>Opens an encoder directory (<c>encoder.json</c>, <c>model.onnx</c>, tokenizer files).</summary>
    public static TextEncoder Open(IFileSystem files, string directory, EncoderOptions? options = null) => throw new NotSupportedException(directory + files + options);

    /// <summary>Opens the embedded default encoder; writes its model to <paramref name="cacheDirectory"/> at first use.</summary>
    public static TextEncoder OpenDefault(IFileSystem files, string cacheDirectory, EncoderOptions? options = null) => throw new NotSupportedException(cacheDirectory + files + options);

    /// <summary>Which encoder this is.</summary>
    public EncoderInfo Info => throw new NotSupportedException();

    /// <summary>Encodes a batch of any size; rows in the order of the texts.</summary>
    /// <param name="texts">The texts; an empty one gives what the model makes of no tokens.</param>
    /// <param name="rows">Receives <c>texts.Count × Dimension</c> floats, row-major.</param>
    /// <param name="cancellation">Looked at between inner batches.</param>
    public void Encode(IReadOnlyList<string> texts, Span<float> rows, CancellationToken cancellation = default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() { }
}
