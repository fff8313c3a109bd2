using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>A segment that sealing or compacting has made.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="File">Name of the segment's file.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Build">How it was made.</param>
/// <param name="Certificate">What was measured of it.</param>
internal sealed record SealingReport(string Index, string File, int Rows, BuildRecord Build, Certificate Certificate);
