using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Google.Protobuf;
using AttributeColumn = Ann.Core.Attributes.AttributeColumn;

namespace Ann.Server.Mapping;

/// <summary>Items of a snapshot as columns of a reply.</summary>
internal static class ItemColumns
{
    /// <summary>The values that some items have of some attributes.</summary>
    public static IEnumerable<Protocol.V1.AttributeColumn> AttributesOf(IndexSnapshot index, IReadOnlyList<SearchHit> hits, int[] asked)
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
