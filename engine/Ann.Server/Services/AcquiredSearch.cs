using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;

namespace Ann.Server.Services;

/// <summary>A request that has its place, its index and its budget; disposing lets go of the index.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="Input">The same, checked against the snapshot.</param>
/// <param name="Held">The index, and room for the reply.</param>
/// <param name="Place">That it was admitted to.</param>
/// <param name="Budget">Its time, before the brown-out takes some of it.</param>
/// <param name="Started">When its work began.</param>
internal readonly record struct AcquiredSearch(
    SearchRequest Request, SearchInput Input, HeldIndex Held, SearchPlace Place, SearchBudget Budget, long Started) : IDisposable
{
    /// <summary>What is searched.</summary>
    public IndexSnapshot Index => Held.Snapshot;

    /// <summary>What its filter takes, of a search that shares it with others; null for one that is alone.</summary>
    public SharedSelection? Shared { get; init; }

    /// <summary>Results wanted for a list. Clamped so that a huge unsigned number stays a huge number, and is refused as such.</summary>
    public int K => (int)Math.Min(Request.K, int.MaxValue);

    public void Dispose() => Held.Dispose();
}
