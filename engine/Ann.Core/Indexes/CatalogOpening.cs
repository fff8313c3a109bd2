using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What a catalog opens its indexes with. The same for all of them.</summary>
internal sealed record CatalogOpening
{
    /// <summary>Where files are.</summary>
    public required IFileSystem Files { get; init; }

    /// <summary>Where links and codes of <c>.ann</c> files lie. Live indexes have theirs in <see cref="Live"/>.</summary>
    public SegmentResidence Residence { get; init; } = SegmentResidence.ByLayout;

    /// <summary>How live indexes write, seal and compact.</summary>
    public LiveIndexOptions Live { get; init; } = new();

    /// <summary>
    /// Directory for the item sets of indexes that are files, one of its own each; null or empty when they have none. Live indexes keep
    /// theirs with their other files. The memory of all sets is <see cref="LiveIndexOptions.SetBudget"/> of <see cref="Live"/>.
    /// </summary>
    public string? SetDirectory { get; init; }

    /// <summary>Memory that all indexes share. Default: without limit.</summary>
    public MemoryBudget Budget { get; init; } = MemoryBudget.Unlimited();

    /// <summary>The clock of live indexes.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
