using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Grpc.Core;
using Filter = Ann.Core.Attributes.Filter;
using KeyColumn = Ann.Core.Keys.KeyColumn;

namespace Ann.Server.Services;

/// <summary>A page of the items of one snapshot, in the order of their keys.</summary>
internal sealed class ScrollCall(IndexCatalog catalog, CallLimits limits, TimeProvider time)
{
    /// <summary>The page, or none: one that lacks items must not be paged on from.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field.</exception>
    public ScrollResponse Run(ScrollRequest request, ServerCallContext context)
    {
        using SnapshotLease lease = catalog.Acquire(request.Index);
        IndexSnapshot index = lease.Snapshot;
        SearchBudget budget = limits.BudgetOf(context);
        BoundFilter? filter = WireFilter.Read(request.Filter, "filter", index) is Filter tree ? index.Bind(tree) : null;
        int[] asked = WireAttributes.ReadAsked(request.Attributes, index.Attributes);
        KeyColumn? after = request.After is null ? null : WireKeys.Read(request.After, index.KeyKind, index.Name, most: 1, "after");
        int limit = (int)Math.Min(request.Limit, int.MaxValue);
        if (request.WithVectors && (long)Math.Min(limit, SearchParameters.MaxK) * index.Dimension * sizeof(float) > Array.MaxLength)
            throw AnnException.Invalid("limit", $"limit is {limit}, whose vectors do not fit in a message; ask for fewer.");

        using ItemSelection? selection = index.Select(filter, null, in budget);
        SearchHit[] hits = ItemScroll.Page(index, selection, after, limit, in budget, out StopReason stopped);
        CallBudget.RequireComplete(stopped == StopReason.None ? selection?.Stopped ?? stopped : stopped, context, time);
        ReplyRoom room = limits.RoomOf(context);
        room.Take(hits.Length * ReplyRoom.OfText(index.KeyKind == Core.Keys.KeyKind.UInt64 ? 0 : KeyColumn.MaxKeyBytes / 4));
        ScrollResponse response = new() { Keys = new Protocol.V1.KeyColumn(), Generation = index.Generation };
        foreach (SearchHit hit in hits)
            WireKeys.Add(response.Keys, index.KeyOf(hit));
        response.Attributes.Add(ItemColumns.AttributesOf(index, hits, asked, room));
        if (request.WithVectors && hits.Length > 0)
            response.Vectors = ItemColumns.RowsOf(index, hits, room);
        if (request.WithPayloads)
            ItemColumns.Copy(index, hits, response.Payloads, room);
        return response;
    }
}
