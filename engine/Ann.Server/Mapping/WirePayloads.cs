using Ann.Core;
using Ann.Core.Payloads;
using Google.Protobuf;

namespace Ann.Server.Mapping;

/// <summary>Payloads of the items of a write.</summary>
internal static class WirePayloads
{
    /// <summary>The payloads of a write; null when no item has one.</summary>
    /// <param name="payloads">Of the request.</param>
    /// <param name="items">Keys of the request.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/> with field <c>payloads</c>: another number than keys, or one too long; names the row.
    /// </exception>
    public static PayloadColumn? Read(IReadOnlyCollection<ByteString> payloads, int items)
    {
        if (payloads.Count == 0)
            return null;
        if (payloads.Count != items)
        {
            throw AnnException.Invalid(
                "payloads", $"payloads hold {payloads.Count}; keys hold {items}, and each takes one, empty for none.");
        }
        PayloadColumn column = new();
        foreach (ByteString payload in payloads)
            column.Add(payload.Span);
        return column;
    }
}
