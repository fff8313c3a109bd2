using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Embedded;

/// <summary>How an index is opened. None of it is stored; the next opening may choose otherwise.</summary>
public sealed record AnnIndexOptions
{
    /// <summary>
    /// Bytes of memory that the index may take, mapped files not counted; 1 or more. What would pass it is refused with
    /// <see cref="AnnError.Overloaded"/> and the arithmetic. Default: null, no limit.
    /// </summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>
    /// Whether what searches walk by is copied to memory, or read where the file is mapped. Default:
    /// <see cref="SegmentResidence.ByLayout"/>.
    /// </summary>
    public SegmentResidence Residence { get; init; } = SegmentResidence.ByLayout;

    /// <summary>
    /// Longest time that a write waits for others, to share one flush of the disk with them; zero to one second. Live indexes only.
    /// Default: 2 ms.
    /// </summary>
    public TimeSpan CommitWindow { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// Share of the machine's cores that merging in the background may take, 0.05 to 1. Live indexes only. Default: 0.5.
    /// </summary>
    public double BackgroundShare { get; init; } = 0.5;

    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the option, the range and the value.</exception>
    internal CatalogOpening ToOpening()
    {
        if (MemoryLimitBytes is < 1)
            throw AnnException.Invalid(nameof(MemoryLimitBytes), $"MemoryLimitBytes is {MemoryLimitBytes}; it must be 1 or more.");
        if (!Enum.IsDefined(Residence))
            throw AnnException.Invalid(nameof(Residence), $"Residence is {Residence}, which is unknown.");
        if (CommitWindow < TimeSpan.Zero || CommitWindow > TimeSpan.FromSeconds(1))
            throw AnnException.Invalid(nameof(CommitWindow), $"CommitWindow is {CommitWindow}; it must be 0 to 1 second.");
        if (!(BackgroundShare is >= 0.05 and <= 1))
            throw AnnException.Invalid(nameof(BackgroundShare), $"BackgroundShare is {BackgroundShare}; it must be 0.05 to 1.");
        return new CatalogOpening
        {
            Files = PhysicalFileSystem.Instance,
            Residence = Residence,
            Budget = MemoryLimitBytes is long limit ? new MemoryBudget(limit) : MemoryBudget.Unlimited(),
            Live = new LiveIndexOptions { CommitWindow = CommitWindow, BackgroundShare = BackgroundShare, Residence = Residence },
        };
    }
}
