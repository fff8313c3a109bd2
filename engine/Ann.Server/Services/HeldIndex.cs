using Ann.Core.Indexes;
using Ann.Core.Searching;
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

    /// <summary>
    /// What was done before the call was admitted; null for nothing. Who held the index then lets go of it, and disposing this does not.
    /// </summary>
    public EncodedBefore? Encoded { get; init; }

    public void Dispose()
    {
        if (Encoded is null)
            Lease.Dispose();
    }
}

/// <summary>That the queries of a call were encoded.</summary>
/// <param name="Whole">Time of the call, taken when it arrived.</param>
/// <param name="Time">That the encoding took, waiting included.</param>
internal sealed record EncodedBefore(SearchBudget Whole, TimeSpan Time);
