namespace Ann.Tool.Reports;

/// <summary>What <c>ann encoder init</c> wrote.</summary>
/// <param name="File">The <c>encoder.json</c>.</param>
/// <param name="Kind">text or features.</param>
/// <param name="Inputs">The graph's inputs with types and shapes; -1 where a length varies.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Dimension">Components of a row.</param>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="Notices">What was guessed, and what else a person should know.</param>
internal sealed record EncoderInitReport(
    string File, string Kind, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, int Dimension, string Fingerprint,
    IReadOnlyList<string> Notices);

/// <summary>What <c>ann encoder export</c> wrote.</summary>
/// <param name="Encoder">Its name.</param>
/// <param name="Directory">Where its files are.</param>
internal sealed record EncoderExportReport(string Encoder, string Directory);

/// <summary>What <c>ann encoder check</c> found.</summary>
internal sealed record EncoderCheckReport
{
    /// <summary>The directory or model file.</summary>
    public required string Encoder { get; init; }

    /// <summary>text or features.</summary>
    public required string Kind { get; init; }

    /// <summary>The graph's inputs with types and shapes; -1 where a length varies.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Its outputs.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Components of a row.</summary>
    public required int Dimension { get; init; }

    /// <summary>Longest text in tokens; null for features.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>16 hex digits.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Execution provider in use.</summary>
    public required string Provider { get; init; }

    /// <summary>Rows a second at some batch sizes.</summary>
    public required IReadOnlyList<EncoderSpeed> Speeds { get; init; }

    /// <summary>The comparison with rows that are known; null without them.</summary>
    public GoldenReport? Golden { get; init; }

    /// <summary>No golden row differs.</summary>
    public required bool Passed { get; init; }
}

/// <summary>How fast an encoder is at one batch size.</summary>
/// <param name="Batch">Rows of one call.</param>
/// <param name="RowsPerS">Rows a second, on this machine and beside whatever else it did.</param>
internal sealed record EncoderSpeed(int Batch, double RowsPerS);

/// <summary>How an encoder's rows compare with rows that are known.</summary>
/// <param name="File">Where those are.</param>
/// <param name="Rows">How many were compared.</param>
/// <param name="LargestDifference">Largest absolute difference of a component.</param>
/// <param name="LeastCosine">Least cosine between a row and the known one.</param>
/// <param name="Tolerance">Difference that is allowed.</param>
/// <param name="Failures">The first rows that differ, and how.</param>
internal sealed record GoldenReport(
    string File, int Rows, double LargestDifference, double LeastCosine, double Tolerance, IReadOnlyList<string> Failures);
