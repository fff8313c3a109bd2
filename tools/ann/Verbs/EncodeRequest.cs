using Ann.Core.Attributes;
using Ann.Encoding;

namespace Ann.Tool.Verbs;

/// <summary>A file to encode, as it was asked for.</summary>
internal sealed record EncodeRequest
{
    /// <summary>File of texts or features.</summary>
    public required string Input { get; init; }

    /// <summary>File of vectors. Its sidecars go beside it.</summary>
    public required string Output { get; init; }

    /// <summary>Who makes the vectors. Default: the embedded encoder.</summary>
    public string Encoder { get; init; } = EncoderChoice.Default;

    /// <summary>How the encoder runs.</summary>
    public required EncoderOptions Options { get; init; }

    /// <summary>Attributes that go on; null for none of a file of texts, and for all of a file of features.</summary>
    public AttributeSchema? Attributes { get; init; }

    /// <summary>What becomes of texts without tokens. Default: they are refused.</summary>
    public EmptyTextPolicy EmptyTexts { get; init; } = EmptyTextPolicy.Fail;
}
