using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Encoding;
using Ann.Tool.Bulk;
using Ann.Tool.Items;

namespace Ann.Tool.Verbs;

/// <summary>A file to encode, as it was asked for.</summary>
internal sealed record EncodeRequest
{
    /// <summary>File of texts or features, or <see cref="ItemFormats.StandardInput"/>.</summary>
    public required string Input { get; init; }

    /// <summary>File of vectors. Its sidecars go beside it.</summary>
    public required string Output { get; init; }

    /// <summary>Who makes the vectors. Default: the embedded encoder.</summary>
    public string Encoder { get; init; } = EncoderChoice.Default;

    /// <summary>How the encoder runs.</summary>
    public required EncoderOptions Options { get; init; }

    /// <summary>Attributes that go on; null for none of a file of texts, and for all of a file of features.</summary>
    public AttributeSchema? Attributes { get; init; }

    /// <summary>How the input holds texts. Null: what its name tells.</summary>
    public ItemFormat? Format { get; init; }

    /// <summary>As <see cref="ItemSource.TextColumns"/>.</summary>
    public IReadOnlyList<string>? TextColumns { get; init; }

    /// <summary>As <see cref="ItemSource.KeyColumn"/>.</summary>
    public string? KeyColumn { get; init; }

    /// <summary>As <see cref="ItemSource.KeyKind"/>.</summary>
    public KeyKind? KeyKind { get; init; }

    /// <summary>What becomes of texts without tokens. Default: they are refused.</summary>
    public EmptyTextPolicy EmptyTexts { get; init; } = EmptyTextPolicy.Fail;

    /// <summary>Goes on with an encoding that did not end. Default: false.</summary>
    public bool Resumes { get; init; }

    /// <summary>Least time between two moments at which what was encoded is made durable. Default: 10 s.</summary>
    public TimeSpan Checkpoint { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many items are taken together; null for what fits the encoder.</summary>
    public BlockLimits? Block { get; init; }

    /// <summary>The texts, and what of them is wanted.</summary>
    public ItemSource Source => new()
    {
        Path = Input,
        Format = Format ?? ItemSource.FormatOf(Input),
        TextColumns = TextColumns,
        KeyColumn = KeyColumn,
        KeyKind = KeyKind,
        Attributes = Attributes,
    };
}
