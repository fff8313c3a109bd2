using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Google.Protobuf;
using AttributeColumn = Ann.Core.Attributes.AttributeColumn;
using Filter = Ann.Core.Attributes.Filter;
using KeyColumn = Ann.Core.Keys.KeyColumn;
using KeyKind = Ann.Core.Keys.KeyKind;

namespace Ann.Server.Services;

/// <summary>A page of the items of one snapshot, in the order of their keys.</summary>
internal static class ScrollCall
{
    /// <summary>The page.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="request">The request.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="stopped">Why it stopped early, if it did: the page lacks items then.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field.</exception>
    public static ScrollResponse Run(IndexSnapshot index, ScrollRequest request, in SearchBudget budget, out StopReason stopped)
    {
        BoundFilter? filter = WireFilter.Read(request.Filter, "filter", index) is Filter tree ? index.Bind(tree) : null;
        int[] asked = WireAttributes.ReadAsked(request.Attributes, index.Attributes);
        KeyColumn? after = request.After is null ? null : WireKeys.Read(request.After, index.KeyKind, index.Name, most: 1, "after");
        int limit = (int)Math.Min(request.Limit, int.MaxValue);
        if (request.WithVectors && (long)Math.Min(limit, SearchParameters.MaxK) * index.Dimension * sizeof(float) > Array.MaxLength)
            throw AnnException.Invalid("limit", $"limit is {limit}, whose vectors do not fit in a message; ask for fewer.");

        using ItemSelection? selection = index.Select(filter, null, in budget);
        SearchHit[] hits = ItemScroll.Page(index, selection, after, limit, in budget, out stopped);
        if (stopped == StopReason.None)
            stopped = selection?.Stopped ?? StopReason.None;
        ScrollResponse response = new() { Keys = new Protocol.V1.KeyColumn(), Generation = index.Generation };
        foreach (SearchHit hit in hits)
        {
            ItemKey key = index.KeyOf(hit);
            if (key.Kind == KeyKind.UInt64)
                response.Keys.Numbers.Add(key.Number);
            else
                response.Keys.Texts.Add(key.ToString());
        }
        response.Attributes.Add(ColumnsOf(index, hits, asked));
        if (request.WithVectors && hits.Length > 0)
            response.Vectors = RowsOf(index, hits);
        return response;
    }

    /// <summary>The values that some items have of some attributes.</summary>
    public static IEnumerable<Protocol.V1.AttributeColumn> ColumnsOf(IndexSnapshot index, IReadOnlyList<SearchHit> hits, int[] asked)
    {
        foreach (int column in asked)
        {
            AttributeColumn values = new(index.Attributes.Fields[column]);
            foreach (SearchHit hit in hits)
                index.CopyAttribute(hit, column, values);
            yield return WireAttributes.ToWire(values);
        }
    }

    /// <summary>The vectors of some items.</summary>
    public static VectorBatch RowsOf(IndexSnapshot index, IReadOnlyList<SearchHit> hits)
    {
        ArrayBufferWriter<byte> rows = new(hits.Count * index.Dimension * sizeof(float));
        foreach (SearchHit hit in hits)
            rows.Write(MemoryMarshal.AsBytes(index.RowOf(hit)));
        return new VectorBatch
        {
            Dtype = Dtype.F32,
            Dim = (uint)index.Dimension,
            Data = UnsafeByteOperations.UnsafeWrap(rows.WrittenMemory),
        };
    }
}
