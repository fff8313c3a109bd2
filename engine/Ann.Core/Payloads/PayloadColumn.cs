using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Core.Payloads;

/// <summary>
/// Payloads of some items, one an item: bytes that mean nothing to the index, one after another in memory that grows. An item without a
/// payload has one of no bytes.
/// </summary>
internal sealed class PayloadColumn
{
    /// <summary>Most bytes of one payload.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly List<byte> _bytes = [];
    private readonly List<int> _ends = [];

    /// <summary>Items, those without a payload too.</summary>
    public int Count => _ends.Count;

    /// <summary>Bytes of all payloads together.</summary>
    public int TotalBytes => _bytes.Count;

    /// <summary>The bytes of all payloads, one after another. Valid until the next one is added.</summary>
    public ReadOnlySpan<byte> All => CollectionsMarshal.AsSpan(_bytes);

    /// <summary>Bytes of memory.</summary>
    public long SizeInBytes => _bytes.Count + _ends.Count * (long)sizeof(int);

    /// <summary>The payload of an item; empty when it has none. Valid until the next one is added.</summary>
    public ReadOnlySpan<byte> this[int item] =>
        All[(item == 0 ? 0 : _ends[item - 1]).._ends[item]];

    /// <summary>Appends the payload of an item; an empty one is none. Returns the column.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: longer than <see cref="MaxBytes"/>, or all together would pass 2 GiB; names the item.
    /// </exception>
    public PayloadColumn Add(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxBytes)
        {
            throw AnnException.Invalid(
                "payloads", $"the payload of item {Count} takes {payload.Length} bytes; at most {MaxBytes} are taken.");
        }
        if (payload.Length > Array.MaxLength - _bytes.Count)
            throw AnnException.Invalid("payloads", $"the payloads of {Count + 1} items take more than {Array.MaxLength} bytes.");
        _bytes.AddRange(payload);
        _ends.Add(_bytes.Count);
        return this;
    }

    /// <summary>True when an item has a payload.</summary>
    public bool Has(int item)
    {
        Debug.Assert((uint)item < (uint)Count);
        return _ends[item] > (item == 0 ? 0 : _ends[item - 1]);
    }
}
