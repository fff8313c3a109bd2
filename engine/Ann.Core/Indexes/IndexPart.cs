using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>A segment of a generation, with what the index keeps beside it. Touched by the index's writer only.</summary>
/// <param name="segment">The generation's own hold on it.</param>
internal sealed class IndexPart(LiveSegment segment)
{
    /// <summary>The segment.</summary>
    public LiveSegment Segment => segment;

    /// <summary>The sealed segment; null for a head.</summary>
    public SealedSegment? Sealed => (segment as LiveSealedSegment)?.Sealed;

    /// <summary>True while the segment is a head, frozen or not: its rows are in the log and nowhere else on disk.</summary>
    public bool IsHead => segment is HeadSegment;

    /// <summary>Name of the file of a sealed segment; empty for a head.</summary>
    public string File { get; init; } = "";

    /// <summary>Name of the file of its tombstones as the manifest knows it; null while there are none.</summary>
    public string? TombstoneFile { get; set; }

    /// <summary>Names of its files; none of a head.</summary>
    public IEnumerable<string> Files => new[] { File, TombstoneFile ?? "" }.Where(static file => file.Length > 0);

    /// <summary>Deaths in the file of its tombstones.</summary>
    public int WrittenDeaths { get; set; }

    /// <summary>Of a head: the write with which it began. All before it are in older segments.</summary>
    public long FirstSequence { get; init; }

    /// <summary>
    /// Rows that are dead and need not be kept: of a file all but the bases of updates (<see cref="Tombstones.Bases"/>), which a merge
    /// would write again.
    /// </summary>
    public int Dead => segment.DeadCount - (IsHead ? 0 : segment.Dead.Bases);

    /// <summary>Items, and other rows that must be kept.</summary>
    public int Live => segment.Count - Dead;

    /// <summary>Share of its rows that are dead and need not be kept.</summary>
    public double DeadShare => segment.Count == 0 ? 0 : (double)Dead / segment.Count;
}
