namespace Ann.Core.Searching;

/// <summary>What of a live index one reader sees: every write up to a sequence, and none after it.</summary>
/// <param name="Sequence">The last write seen. A tombstone of a later one is not there yet.</param>
/// <param name="Rows">Nodes of the segment below this are seen: those of the writes up to <paramref name="Sequence"/>.</param>
internal readonly record struct ReadPoint(long Sequence, int Rows)
{
    /// <summary>Everything.</summary>
    public static ReadPoint All => new(long.MaxValue, int.MaxValue);
}
