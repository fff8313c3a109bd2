using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Google.Protobuf;
using Google.Protobuf.Collections;
using AttributeColumn = Ann.Core.Attributes.AttributeColumn;

namespace Ann.Server.Mapping;

/// <summary>Items of a snapshot as columns of a reply.</summary>
internal static class ItemColumns
{
    /// <summary>The values that some items have of some attributes.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the reply has no room for them.</exception>
    public static IEnumerable<Protocol.V1.AttributeColumn> AttributesOf(
        IndexSnapshot index, SearchHit[] hits, int[] asked, ReplyRoom room)
    {
        foreach (int column in asked)
        {
            AttributeColumn values = new(index.Attributes.Fields[column]);
            Copy(index, hits, column, values, room);
            yield return WireAttributes.ToWire(values);
        }
    }

    /// <summary>Appends the values that items have of an attribute.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the reply has no room for them.</exception>
    public static void Copy(IndexSnapshot index, ReadOnlySpan<SearchHit> hits, int column, AttributeColumn values, ReplyRoom room)
    {
        foreach (SearchHit hit in hits)
        {
            long before = values.SizeInBytes;
            index.CopyAttribute(hit, column, values);
            room.Take(ReplyRoom.OfText(values.SizeInBytes - before));
        }
    }

    /// <summary>Appends the payloads of some items; an empty one for those that have none.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the reply has no room for them.</exception>
    public static void Copy(IndexSnapshot index, ReadOnlySpan<SearchHit> hits, RepeatedField<ByteString> payloads, ReplyRoom room)
    {
        foreach (SearchHit hit in hits)
        {
            ReadOnlySpan<byte> payload = index.PayloadOf(hit);
            room.Take(ReplyRoom.OfBytes(payload.Length));
            payloads.Add(payload.IsEmpty ? ByteString.Empty : ByteString.CopyFrom(payload));
        }
    }

    /// <summary>The vectors of some items.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the reply has no room for them.</exception>
    public static VectorBatch RowsOf(IndexSnapshot index, SearchHit[] hits, ReplyRoom room)
    {
        room.Take(ReplyRoom.OfVectors(hits.Length, index.Dimension));
        ArrayBufferWriter<byte> rows = new(hits.Length * index.Dimension * sizeof(float));
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
