using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>How a live index writes, seals and compacts. None of it changes what its files mean.</summary>
internal sealed record LiveIndexOptions
{
    /// <summary>Longest time that a batch waits for others to share its fsync. Zero: no sharing. Default: 2 ms.</summary>
    public TimeSpan CommitWindow { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Bytes of batches that may wait for the writer; who brings more waits. Default: 64 MiB.</summary>
    public long QueueBytes { get; init; } = 64 << 20;

    /// <summary>Rows of a head at most, but for a batch that is larger: it gets a head of its size. Default: 65,536.</summary>
    public int HeadRows { get; init; } = 65_536;

    /// <summary>
    /// Bytes of a head at most, but for a batch that is larger: at large dimensions a head takes fewer rows. Default: 256 MiB.
    /// </summary>
    public long HeadBytes { get; init; } = 256 << 20;

    /// <summary>
    /// Bytes of payloads in a head, from which it is sealed; the last payload may come on top. Default: 64 MiB.
    /// </summary>
    public long HeadPayloadBytes { get; init; } = 64 << 20;

    /// <summary>Heads that wait to be sealed at most; then writes wait. Default: 4.</summary>
    public int MaxFrozenHeads { get; init; } = 4;

    /// <summary>Sealed segments that compaction aims at: it merges when there are more. Default: 6.</summary>
    public int MaxSealedSegments { get; init; } = 6;

    /// <summary>Share of dead rows from which a sealed segment is rewritten. Default: 0.2.</summary>
    public double MaxDeadShare { get; init; } = 0.2;

    /// <summary>Share of the machine's cores that sealing and compacting may take, 0.05 to 1. Default: 0.5.</summary>
    public double BackgroundShare { get; init; } = 0.5;

    /// <summary>
    /// Where sealing and compacting run; shared by the indexes of a server. Null: threads of the index's own, by <see
    /// cref="BackgroundShare"/>.
    /// </summary>
    public TaskScheduler? Background { get; init; }

    /// <summary>
    /// Told of each segment that sealing or compacting has made, on the thread that made it, before it is searched. Null: nobody is told.
    /// </summary>
    public Action<SealingReport>? Sealed { get; init; }

    /// <summary>Told of each group of writes that the log has made durable, on the writer's thread. Null: nobody is told.</summary>
    public Action<FlushReport>? Flushed { get; init; }

    /// <summary>
    /// Called on the writer's thread before it waits for a merge. For tests that let a merge on by hand; null: nobody is told.
    /// </summary>
    internal Action? Waiting { get; init; }

    /// <summary>Bytes of log kept for generations to come, beyond what recovery needs. Default: 1 GiB.</summary>
    public long LogRetentionBytes { get; init; } = 1 << 30;

    /// <summary>Where links and codes of sealed segments lie. Default: <see cref="SegmentResidence.ByLayout"/>.</summary>
    public SegmentResidence Residence { get; init; } = SegmentResidence.ByLayout;

    /// <summary>Memory of the item sets of all indexes. Default: without limit.</summary>
    public MemoryBudget SetBudget { get; init; } = MemoryBudget.Unlimited();

    /// <summary>
    /// Runs the encoders that generations and releases bring along. Null: nobody does; their files stay, and vectors alone can be asked.
    /// </summary>
    public IGenerationEncoders? Encoders { get; init; }

    /// <summary>Recent queries that are kept for promotion gates. Default: 256.</summary>
    public int SampledQueries { get; init; } = 256;

    /// <summary>One in this many queries is kept. Default: 16.</summary>
    public int QuerySamplingInterval { get; init; } = 16;
}
