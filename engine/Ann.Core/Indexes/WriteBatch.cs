using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Core.Payloads;

namespace Ann.Core.Indexes;

/// <summary>What a write does with its items.</summary>
internal enum WriteMode
{
    /// <summary>Adds items and replaces those that exist.</summary>
    Upsert,

    /// <summary>Adds items; those that exist stay as they are.</summary>
    InsertOnly,

    /// <summary>Removes items; those that do not exist are no error.</summary>
    Delete,

    /// <summary>
    /// Changes attributes and payloads of items that exist, and leaves their vectors; those that do not exist are no error. It goes to all
    /// generations, whatever their encoder.
    /// </summary>
    Update,
}

/// <summary>Items that are written together: after a crash all of them are there, or none.</summary>
internal sealed record WriteBatch
{
    /// <summary>Most items of one batch.</summary>
    public const int MaxItems = 65_536;

    /// <summary>Most bytes of the payloads of one batch, all together.</summary>
    public const int MaxPayloadBytes = 64 << 20;

    /// <summary>Longest name of a producer, in UTF-8 bytes.</summary>
    public const int MaxProducerBytes = WalRecordHead.MaxProducerBytes;

    /// <summary>What to do.</summary>
    public required WriteMode Mode { get; init; }

    /// <summary>One key an item. A key may come twice: the later one wins; updates are made one after another.</summary>
    public required KeyColumn Keys { get; init; }

    /// <summary>
    /// One vector an item, one after another, as the caller gave them; empty for a delete and an update. The index may change them in
    /// place.
    /// </summary>
    public float[] Rows { get; init; } = [];

    /// <summary>
    /// Attributes of the items, of the index's schema; null when no item has a value. Replacing an item replaces all of them. Of an update
    /// the schema has those attributes of the index that it gives, one at least: each item gets the value, or loses its own where it is
    /// missing, and keeps those of the others. Null then for none.
    /// </summary>
    public AttributeBatch? Attributes { get; init; }

    /// <summary>
    /// Payloads of the items, one each, <see cref="MaxPayloadBytes"/> together at most; null when no item has one. Replacing an item
    /// replaces its payload too, by none where it brings none. Of an update null leaves payloads as they are, and an empty one removes it.
    /// </summary>
    public PayloadColumn? Payloads { get; init; }

    /// <summary>
    /// The generation meant; null for the one that serves. A delete and an update go to all, and it tells whose items are counted.
    /// </summary>
    public string? Generation { get; init; }

    /// <summary>Encoder of the rows; when set it must be that of the generation. Not looked at where there are no rows.</summary>
    public ulong? EncoderFingerprint { get; init; }

    /// <summary>Who writes, so that a retry is known as one; empty for nobody. At most <see cref="MaxProducerBytes"/> bytes.</summary>
    public string Producer { get; init; } = "";

    /// <summary>
    /// The producer's own count of its batches: each larger than the one before. One that is not larger than the last that was written
    /// is a retry, and changes nothing.
    /// </summary>
    public ulong ProducerSequence { get; init; }

    /// <summary>What the batch belongs to, so that it fails when one handed over before it does; null when it stands alone.</summary>
    public WriteChain? Chain { get; init; }
}

/// <summary>What became of a batch.</summary>
/// <param name="Sequence">Position of the index's log after it: a search that sees this sequence sees the batch.</param>
/// <param name="Applied">Items added, replaced, changed or removed.</param>
/// <param name="Skipped">Items that existed already (insert only) or did not exist (delete, update).</param>
/// <param name="IsRetry">True when the batch had been written before: nothing was changed.</param>
internal sealed record WriteReceipt(long Sequence, int Applied, int Skipped, bool IsRetry)
{
    /// <summary>The fsync that made it durable, together with others; null where nothing was written.</summary>
    public FlushReport? Flush { get; init; }
}

/// <summary>A group of writes that the log has made durable with one fsync.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Items">Items written.</param>
/// <param name="Began">When the fsync began: a <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record FlushReport(string Index, int Items, long Began, TimeSpan Elapsed);

/// <summary>A batch on its way.</summary>
/// <param name="Durable">Ends when the batch is on disk.</param>
/// <param name="Visible">Ends when the next search sees it; that is after <paramref name="Durable"/>. Fails with what went wrong.</param>
internal sealed record PendingWrite(Task Durable, Task<WriteReceipt> Visible);

/// <summary>
/// Batches that build on each other, such as those of one stream. Once one of them failed, those behind it that were handed over already
/// fail too and change nothing: a producer's later batch must not be the reason why the retry of an earlier one looks written.
/// </summary>
internal sealed class WriteChain
{
    /// <summary>Why the first one failed that did; null while none has.</summary>
    internal AnnException? Failure { get; set; }
}
