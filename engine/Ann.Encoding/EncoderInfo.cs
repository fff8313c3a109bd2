using System.Globalization;

namespace Ann.Encoding;

/// <summary>What an encoder makes of its input, and which one it is.</summary>
/// <param name="Name">For people: the directory's or file's name, or <c>default</c>.</param>
/// <param name="Dimension">Components of a row.</param>
/// <param name="Fingerprint">
/// Hash over model, tokenizer, pooling and normalisation: two encoders with one fingerprint give the same rows.
/// </param>
/// <param name="Provider">The ONNX Runtime execution provider in use: <c>cpu</c>, <c>cuda</c>, …</param>
public sealed record EncoderInfo(string Name, int Dimension, ulong Fingerprint, string Provider)
{
    /// <summary>The fingerprint as 16 lower-case hex digits: its form in files and JSON.</summary>
    public string FingerprintText => Fingerprint.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>
    /// True when a provider earlier in <see cref="EncoderOptions.Providers"/> could not be used. For a metric; a notice says why.
    /// </summary>
    public bool ProviderFellBack { get; init; }

    /// <summary>
    /// What a person should read in the log once: fall-backs, guesses made for missing settings, repaired files. Often empty.
    /// </summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>The same encoder, on the provider that took the place of one that was lost.</summary>
    internal EncoderInfo On(string provider, string notice) =>
        this with { Provider = provider, ProviderFellBack = true, Notices = [.. Notices, notice] };
}
