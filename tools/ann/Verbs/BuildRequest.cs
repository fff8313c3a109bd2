using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool.Attributes;

namespace Ann.Tool.Verbs;

/// <summary>A file to build, as it was asked for.</summary>
internal sealed record BuildRequest
{
    /// <summary>File of vectors.</summary>
    public required string Input { get; init; }

    /// <summary>Opens that file; null where its extension names the format.</summary>
    public Func<IFileSystem, VectorReader>? Open { get; init; }

    /// <summary>The <c>.ann</c> file.</summary>
    public required string Output { get; init; }

    /// <summary>File of keys; null for the one beside the input, if there is one.</summary>
    public string? Sidecar { get; init; }

    /// <summary>Which attributes, and from where. Default: those beside the input.</summary>
    public AttributeRequest Attributes { get; init; } = AttributeRequest.Beside;

    /// <summary>What to build. What the input says of its encoder, its log position and its attributes is added.</summary>
    public required SegmentBuildOptions Options { get; init; }

    /// <summary>Who makes the queries, where that is not who made the rows; null for what the input says of them.</summary>
    public EncoderInfo? QueryEncoder { get; init; }

    /// <summary>True to leave rows out that are the zero vector, under cosine.</summary>
    public bool SkipsZeroRows { get; init; }

    /// <summary>Recall that the file must have; null warns below the default.</summary>
    public RecallFloor? Floor { get; init; }

    /// <summary>File of vectors that recall is measured with; null for items.</summary>
    public string? Queries { get; init; }
}
