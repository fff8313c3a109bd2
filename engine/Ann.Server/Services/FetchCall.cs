using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Grpc.Core;
using Microsoft.Extensions.Options;
using ItemKey = Ann.Core.Keys.ItemKey;
using KeyColumn = Ann.Core.Keys.KeyColumn;

namespace Ann.Server.Services;

/// <summary>Items of one snapshot, by their keys.</summary>
internal sealed class FetchCall(IndexCatalog catalog, CallLimits limits, IOptions<ServerOptions> options)
{
    /// <summary>Found and missing keys, in the order of the request.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the keys, or a reply beyond what a message holds.</exception>
    public FetchResponse Run(FetchRequest request, ServerCallContext context)
    {
        using SnapshotLease lease = catalog.Acquire(request.Index);
        IndexSnapshot index = lease.Snapshot;
        KeyColumn keys = WireKeys.Read(request.Keys, index.KeyKind, index.Name, options.Value.MaxRowsPerRequest);
        ReplyRoom room = limits.RoomOf(context);
        room.Take(2 * request.Keys.CalculateSize() + ReplyRoom.OfNumbers(keys.Count));
        FetchResponse response = new()
        {
            Found = new Protocol.V1.KeyColumn(),
            Missing = new Protocol.V1.KeyColumn(),
            Generation = index.Generation,
        };
        long bytes = request.WithVectors ? (long)keys.Count * index.Dimension * sizeof(float) : 0;
        if (bytes > Array.MaxLength)
            throw AnnException.Invalid("keys", $"keys hold {keys.Count}, whose vectors make up to {bytes} bytes; ask for fewer.");
        int[] asked = WireAttributes.ReadAsked(request.Attributes, index.Attributes);
        List<SearchHit> found = new(keys.Count);
        ReadPoint now = index.Now; // one for all keys: no batch is seen in part
        for (int row = 0; row < keys.Count; row++)
        {
            ItemKey key = WireKeys.At(keys, row);
            bool isThere = index.TryFind(key, now, out SearchHit hit);
            WireKeys.Add(isThere ? response.Found : response.Missing, key);
            if (isThere)
                found.Add(hit);
        }
        if (request.WithVectors && found.Count > 0)
            response.Vectors = ItemColumns.RowsOf(index, [.. found], room);
        response.Attributes.Add(ItemColumns.AttributesOf(index, [.. found], asked, room));
        if (request.WithPayloads)
            ItemColumns.Copy(index, CollectionsMarshal.AsSpan(found), response.Payloads, room);
        return response;
    }
}
