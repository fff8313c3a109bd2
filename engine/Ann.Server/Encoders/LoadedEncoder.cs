using Ann.Core.Indexes;
using Ann.Encoding;

namespace Ann.Server.Encoders;

/// <summary>
/// An encoder that generations brought along, running. One for all of a fingerprint; open as long as a snapshot holds it.
/// </summary>
/// <param name="text">The encoder, where it reads texts; else null.</param>
/// <param name="features">The encoder, where it reads features; else null.</param>
/// <param name="closed">Called when nobody holds it any more, before it is closed.</param>
internal sealed class LoadedEncoder(TextEncoder? text, FeatureEncoder? features, Action<LoadedEncoder> closed)
    : GenerationEncoder((text?.Info ?? features!.Info).Fingerprint)
{
    /// <summary>Which encoder it is.</summary>
    public EncoderInfo Info => text?.Info ?? features!.Info;

    /// <summary>The encoder; null where it reads features.</summary>
    public TextEncoder? Text => text;

    /// <summary>The encoder; null where it reads texts.</summary>
    public FeatureEncoder? Features => features;

    protected override void Close()
    {
        closed(this);
        text?.Dispose();
        features?.Dispose();
    }
}
