namespace Ann.Tool.Reports;

/// <summary>What <c>ann encode</c> did.</summary>
internal sealed record EncodeReport
{
    /// <summary>File of texts or features.</summary>
    public required string Input { get; init; }

    /// <summary>File of vectors.</summary>
    public required string Output { get; init; }

    /// <summary>File of keys beside it; null when the input has no keys.</summary>
    public string? Keys { get; init; }

    /// <summary>Rows written.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows of them that an earlier run had written; null when there were none.</summary>
    public long? ResumedRows { get; init; }

    /// <summary>Texts without tokens; null when the input holds features.</summary>
    public long? EmptyTexts { get; init; }

    /// <summary>Components of a row.</summary>
    public required int Dimension { get; init; }

    /// <summary>Name of the encoder.</summary>
    public required string EncoderName { get; init; }

    /// <summary>Fingerprint of the encoder, 16 hex digits.</summary>
    public required string EncoderFingerprint { get; init; }

    /// <summary>Execution provider in use.</summary>
    public required string Provider { get; init; }

    /// <summary>Seconds from the first text to the whole file.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rows a second over that time, without those of an earlier run.</summary>
    public required double RowsPerS { get; init; }
}
