using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Evaluates a filter before it is asked with, and gives it a name.</summary>
internal sealed class PrepareFilterCall(IndexCatalog catalog, CallLimits limits, TimeProvider time)
{
    public PrepareFilterResponse Run(PrepareFilterRequest request, ServerCallContext context)
    {
        using SnapshotLease lease = catalog.Acquire(request.Index, out HostedIndex hosted);
        SearchBudget budget = limits.BudgetOf(context);
        BoundFilter filter = WireRanking.ReadFilter(request.Filter, prepared: null, lease.Snapshot, hosted)
            ?? throw AnnException.Invalid("filter", "filter is not set; it is what is to be prepared.");
        using ItemSelection? selection = lease.Snapshot.Select(filter, null, in budget);
        CallBudget.RequireComplete(selection?.Stopped ?? StopReason.None, context, time);
        return new PrepareFilterResponse
        {
            PreparedFilter = hosted.PreparedFilters.Add(filter),
            Matching = (ulong)(selection?.Matching ?? lease.Snapshot.Items),
        };
    }
}
