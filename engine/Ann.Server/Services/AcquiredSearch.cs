using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>A request that has its place, its index and its budget; disposing lets go of the index.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="Input">The same, checked against the snapshot.</param>
/// <param name="Context">Deadline and cancellation of the call.</param>
/// <param name="Place">That it was admitted to.</param>
/// <param name="Budget">Its time, before the brown-out takes some of it.</param>
/// <param name="Lease">Holds the snapshot.</param>
/// <param name="Started">When its work began.</param>
/// <param name="Room">For its reply.</param>
internal readonly record struct AcquiredSearch(
    SearchRequest Request, SearchInput Input, ServerCallContext Context, SearchPlace Place, SearchBudget Budget, SnapshotLease Lease,
    long Started, ReplyRoom Room) : IDisposable
{
    /// <summary>What is searched.</summary>
    public IndexSnapshot Index => Lease.Snapshot;

    /// <summary>Results wanted for a list. Clamped so that a huge unsigned number stays a huge number, and is refused as such.</summary>
    public int K => (int)Math.Min(Request.K, int.MaxValue);

    public void Dispose() => Lease.Dispose();
}
