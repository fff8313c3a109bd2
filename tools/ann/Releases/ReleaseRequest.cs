using Ann.Core.Attributes;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool.Bulk;

namespace Ann.Tool.Releases;

/// <summary>A release to build, as it was asked for.</summary>
internal sealed record ReleaseRequest
{
    /// <summary>File of texts or features: the items.</summary>
    public required string Items { get; init; }

    /// <summary>Who makes the rows.</summary>
    public required string Encoder { get; init; }

    /// <summary>Who makes the queries; null when the encoder of the rows does.</summary>
    public string? QueryEncoder { get; init; }

    /// <summary>How encoders run.</summary>
    public required EncoderOptions EncoderOptions { get; init; }

    /// <summary>False to leave the encoder of the queries out: the index names it all the same.</summary>
    public bool CarriesEncoder { get; init; } = true;

    /// <summary>File of queries, as the encoder of the queries reads them; null to let items stand in for them.</summary>
    public string? Queries { get; init; }

    /// <summary>The directory. It must not exist, or be empty.</summary>
    public required string Output { get; init; }

    /// <summary>What the index is built as.</summary>
    public required SegmentBuildOptions Build { get; init; }

    /// <summary>Attributes of the items; null as <see cref="Verbs.EncodeRequest.Attributes"/>.</summary>
    public AttributeSchema? Attributes { get; init; }

    /// <summary>What becomes of texts without tokens.</summary>
    public EmptyTextPolicy EmptyTexts { get; init; } = EmptyTextPolicy.Fail;

    /// <summary>Beam width that recall is measured at.</summary>
    public int Ef { get; init; } = RecallFloor.Ef;

    /// <summary>Recall that the release must have, 0 to 1.</summary>
    public double MinRecall { get; init; } = RecallFloor.Default.Least;
}
