namespace Ann.Core.Indexes;

/// <summary>
/// An attached generation that does not serve and whose files could not be read at the start. The index serves without it; the manifest
/// goes on naming it, so that its files stay for whoever mends them, until it is detached.
/// </summary>
/// <param name="Described">What the manifest says of it.</param>
/// <param name="Failure">File, byte, and what was found there.</param>
/// <param name="IsPrevious">True when a rollback would go to it.</param>
internal sealed record DamagedGeneration(ManifestGeneration Described, string Failure, bool IsPrevious)
{
    /// <summary>16 hex digits.</summary>
    public string Id => Described.Id;

    /// <summary>Every file that the manifest names of it.</summary>
    public IEnumerable<string> Files => Described.Segments
        .SelectMany(static segment => new[] { segment.File, segment.TombstoneFile })
        .Append(Described.MissedKeysFile)
        .OfType<string>();

    /// <summary>What the manifest says of it, told to anybody.</summary>
    public GenerationStatus Describe() => new(
        Id, GenerationRole.Damaged, Described.EncoderFingerprint, Described.EncoderName,
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
    public AnnException Refused(string index, string field) => new(
        AnnError.FailedPrecondition,
        $"Generation {Id} of index '{index}' could not be opened at the start: {Failure} Detach it, and attach a sound file.")
    { Field = field };
}
