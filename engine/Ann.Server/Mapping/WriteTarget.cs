using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Where the writes of a stream or a call go, and what they do: checked once, before their items.</summary>
internal sealed record WriteTarget
{
    /// <summary>The index.</summary>
    public required LiveIndex Index { get; init; }

    /// <summary>What to do with the items.</summary>
    public required WriteMode Mode { get; init; }

    /// <summary>The generation meant; null for the one that serves.</summary>
    public string? Generation { get; init; }

    /// <summary>Encoder of the rows; null when the caller names none.</summary>
    public ulong? EncoderFingerprint { get; init; }

    /// <summary>Who writes; empty for nobody.</summary>
    public string Producer { get; init; } = "";

    /// <summary>Finds the index and checks that it can take such writes.</summary>
    /// <param name="catalog">What is hosted.</param>
    /// <param name="reference"><c>name</c> or <c>name@generation</c>.</param>
    /// <param name="mode">What to do.</param>
    /// <param name="fingerprint">Encoder of the rows; null when the caller names none.</param>
    /// <param name="producer">Who writes; empty for nobody.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>, <see cref="AnnError.NotFound"/>, <see cref="AnnError.FailedPrecondition"/>,
    /// <see cref="AnnError.Unavailable"/> or <see cref="AnnError.Corrupt"/>, as <c>ingest.proto</c> says.
    /// </exception>
    public static WriteTarget Find(IndexCatalog catalog, string reference, Wire.WriteMode mode, ulong? fingerprint, string producer)
    {
        IndexReference wanted = IndexReference.Parse(reference);
        LiveIndex index = catalog.RequireLive(wanted.Name);
        if (System.Text.Encoding.UTF8.GetByteCount(producer) is int length and > WriteBatch.MaxProducerBytes)
        {
            throw AnnException.Invalid(
                "producer", $"producer takes {length} bytes; it must be at most {WriteBatch.MaxProducerBytes}.");
        }
        using (SnapshotLease lease = index.Acquire(wanted.Generation))
            if (fingerprint is ulong given && lease.Snapshot.Encoders.Items.Fingerprint is not null)
                lease.Snapshot.RequireItemEncoder(given);
        return new WriteTarget
        {
            Index = index,
            Mode = WireEnum<WriteMode, Wire.WriteMode>.Read("mode", mode),
            Generation = wanted.Generation,
            EncoderFingerprint = fingerprint,
            Producer = producer,
        };
    }

    /// <summary>A batch of this target.</summary>
    /// <param name="block">Its items, and the producer's count: 0 when there is no producer.</param>
    /// <param name="chain">The stream that it belongs to; null when it stands alone.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/> with field <c>keys</c>, <c>vectors</c>,
    /// <c>attributes</c> or <c>payloads</c>.</exception>
    public WriteBatch Batch(Wire.WriteBlock block, WriteChain? chain = null)
    {
        IndexSchema schema = Index.Schema;
        KeyColumn column = WireKeys.Read(block.Keys, schema.KeyKind, Index.Name, WriteBatch.MaxItems);
        if (Mode == WriteMode.Delete)
        {
            RequireNone("attributes", block.Attributes.Count);
            RequireNone("payloads", block.Payloads.Count);
        }
        return new WriteBatch
        {
            Mode = Mode,
            Keys = column,
            Rows = Rows(block.Vectors, column.Count, schema.Dimension),
            Attributes = Mode == WriteMode.Update
                ? WireAttributes.ReadGiven(block.Attributes, schema.Attributes, column.Count)
                : WireAttributes.Read(block.Attributes, schema.Attributes, column.Count),
            Payloads = WirePayloads.Read(block.Payloads, column.Count),
            Generation = Generation,
            EncoderFingerprint = EncoderFingerprint,
            Producer = Producer,
            ProducerSequence = block.Sequence,
            Chain = chain,
        };
    }

    private float[] Rows(Wire.VectorBatch? vectors, int keys, int dimension)
    {
        if (Mode is WriteMode.Delete or WriteMode.Update)
        {
            if (vectors is not null && (!vectors.Data.IsEmpty || vectors.Values.Count > 0))
                throw AnnException.Invalid("vectors", $"vectors hold rows; {ModeInWords} takes none.");
            return [];
        }
        using VectorRows rows = VectorRows.Read(vectors, new VectorTarget("vectors", Index.Name, dimension, WriteBatch.MaxItems));
        if (rows.Count != keys)
            throw AnnException.Invalid("vectors", $"vectors hold {rows.Count} rows; keys hold {keys}, and each takes one row.");
        return rows.ToArray();
    }

    private string ModeInWords => Mode == WriteMode.Delete ? "a delete" : "an update";

    private void RequireNone(string field, int count)
    {
        if (count > 0)
            throw AnnException.Invalid(field, $"{field} hold {count}; {ModeInWords} takes none.");
    }
}
