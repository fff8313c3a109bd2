using Ann.Core.Searching;

namespace Ann.Core.Hnsw;

/// <summary>How wide a walk is.</summary>
/// <param name="Ef">Nodes to find, of those that its filter accepts.</param>
/// <param name="Room">
/// Nodes that its beam holds at most, refused ones with them; 0 for enough where three of four are refused, or a cluster of them lies
/// around the query. It bounds what a walk among refused nodes costs. Not used without a filter.
/// </param>
internal readonly record struct WalkWidth(int Ef, int Room = 0)
{
    private const int UsualWidths = 4;
    private const int UsualMargin = 1024;

    /// <summary>The room that there is.</summary>
    public int FilteredRoom => Room > 0 ? Math.Max(Room, Ef) : UsualWidths * Ef + UsualMargin;
}

/// <summary>What a walk found out. What it found is in the beam.</summary>
/// <param name="Kept">Accepted nodes in the beam.</param>
/// <param name="Refused">Refused nodes that it held when the walk ended.</param>
/// <param name="IsOverfull">True when these left no room for others.</param>
/// <param name="Stopped">Why it ended early.</param>
internal readonly record struct WalkOutcome(int Kept, int Refused, bool IsOverfull, StopReason Stopped)
{
    /// <summary>
    /// True when refused nodes took all the room that there was, so that the nearest <paramref name="k"/> accepted ones may be others than
    /// those found.
    /// </summary>
    public bool IsCrowdedOut(int k) => IsOverfull && Kept < k;
}
