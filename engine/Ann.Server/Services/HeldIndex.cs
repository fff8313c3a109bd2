using Ann.Core.Indexes;
using Ann.Server.Admission;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>What a call searches, and room for its reply; disposing lets go of the index.</summary>
/// <param name="Lease">Holds the snapshot.</param>
/// <param name="Hosted">The index, with its prepared filters and its sets.</param>
/// <param name="Context">Deadline and cancellation of the call.</param>
/// <param name="Room">For its reply.</param>
internal readonly record struct HeldIndex(SnapshotLease Lease, HostedIndex Hosted, ServerCallContext Context, ReplyRoom Room) : IDisposable
{
    /// <summary>What is searched.</summary>
    public IndexSnapshot Snapshot => Lease.Snapshot;

    public void Dispose() => Lease.Dispose();
}
