namespace Ann.Core.Indexes;

/// <summary>What a generation of a live index does now.</summary>
internal enum GenerationRole
{
    /// <summary>Answers what is asked of the index's name.</summary>
    Serving,

    /// <summary>Attached, has every write, and can be promoted in a step.</summary>
    Standby,

    /// <summary>Attached, and the log is being replayed onto it.</summary>
    CatchingUp,

    /// <summary>Attached, and its files could not be read at the start, or could not be merged since. It can only be detached.</summary>
    Damaged,
}

/// <summary>One generation of a live index.</summary>
/// <param name="Id">16 hex digits.</param>
/// <param name="Role">What it does.</param>
/// <param name="Encoders">Who made its rows, and who makes its queries.</param>
/// <param name="Items">Items, the deleted ones left out.</param>
/// <param name="Dead">Rows of deleted and replaced items, whose memory compaction will reclaim.</param>
/// <param name="Segments">Segments that a search visits, the head counted.</param>
/// <param name="LogPosition">The last write that is part of its sealed files.</param>
/// <param name="AppliedPosition">The last write that it shows.</param>
/// <param name="MissedKeys">Items whose last write came from another encoder and could not be applied to it.</param>
/// <param name="FileBytes">Bytes of its files.</param>
/// <param name="MemoryBytes">Bytes of memory that it holds, mapped files not counted.</param>
internal sealed record GenerationStatus(
    string Id, GenerationRole Role, EncoderPair Encoders, long Items, long Dead, int Segments, long LogPosition, long AppliedPosition,
    long MissedKeys, long FileBytes, long MemoryBytes)
{
    /// <summary>Fingerprint of the encoder that it brought along, where that runs; null for none.</summary>
    public ulong? RunningEncoder { get; init; }

    /// <summary>Why it is damaged; null when it is not.</summary>
    public string? Failure { get; init; }
}

/// <summary>Where the log of a live index is.</summary>
/// <param name="First">The first write that the log still holds.</param>
/// <param name="Durable">The last one on disk.</param>
/// <param name="Visible">The last one that a search sees.</param>
/// <param name="Bytes">Bytes of the log's files.</param>
internal sealed record LogStatus(long First, long Durable, long Visible, long Bytes);

/// <summary>
/// An attached generation that does not serve and whose files cannot be used. The index serves without it; the manifest
/// goes on naming it, so that its files stay for whoever mends them, until it is detached.
/// </summary>
/// <param name="Described">What the manifest says of it.</param>
/// <param name="Failure">File, byte, and what was found there.</param>
/// <param name="IsPrevious">True when a rollback would go to it.</param>
internal sealed record DamagedGeneration(ManifestGeneration Described, string Failure, bool IsPrevious)
{
    /// <summary>16 hex digits.</summary>
    public string Id => Described.Id;

    /// <summary>What the manifest says of it, told to anybody.</summary>
    public GenerationStatus Describe() => new(
        Id, GenerationRole.Damaged, Described.Encoders,
        Items: Described.Segments.Sum(static segment => (long)segment.Count - segment.Dead),
        Dead: Described.Segments.Sum(static segment => (long)segment.Dead),
        Segments: Described.Segments.Count,
        LogPosition: Described.LogPosition,
        AppliedPosition: Described.LogPosition,
        MissedKeys: 0,
        FileBytes: 0,
        MemoryBytes: 0)
    {
        Failure = Failure,
    };

    /// <summary>Refuses what somebody wants of it.</summary>
    /// <param name="index">Name of the index.</param>
    /// <param name="field">Of the request that names it.</param>
    public AnnException Refused(string index, string field) => AnnException.Refused(
        field, $"Generation {Id} of index '{index}' cannot be used: {Failure} Detach it, and attach a sound file.");
}
