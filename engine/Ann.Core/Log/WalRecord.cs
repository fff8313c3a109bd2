using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Payloads;

namespace Ann.Core.Log;

/// <summary>What a record of the log does with its items. Stored in files: values never change.</summary>
internal enum WalRecordKind : byte
{
    /// <summary>Adds or replaces.</summary>
    Upsert = 1,

    /// <summary>Removes.</summary>
    Delete = 2,

    // 3 is WalEnd.Kind.

    /// <summary>Changes attributes and payloads of items that exist.</summary>
    Update = 4,
}

/// <summary>What every record of a log has in common.</summary>
/// <param name="Dimension">Components of a row, as stored: without padding.</param>
/// <param name="KeyKind">Number or text.</param>
internal sealed record WalShape(int Dimension, KeyKind KeyKind)
{
    /// <summary>Attributes that items may have. Default: none.</summary>
    public AttributeSchema Attributes { get; init; } = AttributeSchema.Empty;
}

/// <summary>Writes that are in the log together or not at all. Each item takes one sequence.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="FirstSequence">Sequence of the first item; of the next write when there is no item.</param>
/// <param name="EncoderFingerprint">Encoder of the rows; null when unknown.</param>
/// <param name="Producer">Who wrote; empty for nobody. At most <see cref="WalRecordHead.MaxProducerBytes"/> bytes of UTF-8.</param>
/// <param name="ProducerSequence">The producer's own count of its batches.</param>
/// <param name="Keys">One key an item. None in a record that only says how far a producer has come.</param>
/// <param name="Rows">One row an item, one after another; empty for a delete and an update.</param>
/// <param name="Attributes">
/// Of the log's schema, one item each; null when no item has a value, and for a delete. Of an update the schema has those attributes that
/// it gives; null when it gives none.
/// </param>
/// <param name="Payloads">One an item; null when no item has one, for a delete, and for an update that leaves them as they are.</param>
internal sealed record WalRecord(
    WalRecordKind Kind, long FirstSequence, ulong? EncoderFingerprint, string Producer, ulong ProducerSequence, KeyColumn Keys,
        float[] Rows, AttributeBatch? Attributes = null, PayloadColumn? Payloads = null)
{
    /// <summary>Items.</summary>
    public int Count => Keys.Count;

    /// <summary>Sequence of the last item; the one before <see cref="FirstSequence"/> when there is no item.</summary>
    public long LastSequence => FirstSequence + Count - 1;
}
