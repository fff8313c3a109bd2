using Ann.Core;
using Ann.Core.Attributes;
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
    /// <param name="keys">Keys of the request.</param>
    /// <param name="vectors">Vectors of the request: none when deleting.</param>
    /// <param name="attributes">Attribute columns of the request: none when deleting.</param>
    /// <param name="sequence">The producer's count; 0 when there is no producer.</param>
    /// <param name="chain">The stream that it belongs to; null when it stands alone.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/> with field <c>keys</c>, <c>vectors</c> or
    /// <c>attributes</c>.</exception>
    public WriteBatch Batch(
        Wire.KeyColumn? keys, Wire.VectorBatch? vectors, IReadOnlyList<Wire.AttributeColumn> attributes, ulong sequence,
        WriteChain? chain = null)
    {
        IndexSchema schema = Index.Schema;
        KeyColumn column = WireKeys.Read(keys, schema.KeyKind, Index.Name, WriteBatch.MaxItems);
        return new WriteBatch
        {
            Mode = Mode,
            Keys = column,
            Rows = Rows(vectors, column.Count, schema.Dimension),
            Attributes = Attributes(attributes, column.Count, schema),
            Generation = Generation,
            EncoderFingerprint = EncoderFingerprint,
            Producer = Producer,
            ProducerSequence = sequence,
            Chain = chain,
        };
    }

    private float[] Rows(Wire.VectorBatch? vectors, int keys, int dimension)
    {
        if (Mode == WriteMode.Delete)
        {
            if (vectors is not null && (!vectors.Data.IsEmpty || vectors.Values.Count > 0))
                throw AnnException.Invalid("vectors", "vectors hold rows; a delete takes none.");
            return [];
        }
        using VectorRows rows = VectorRows.Read(vectors, new VectorTarget("vectors", Index.Name, dimension, WriteBatch.MaxItems));
        if (rows.Count != keys)
            throw AnnException.Invalid("vectors", $"vectors hold {rows.Count} rows; keys hold {keys}, and each takes one row.");
        return rows.ToArray();
    }

    private AttributeBatch? Attributes(IReadOnlyList<Wire.AttributeColumn> attributes, int keys, IndexSchema schema) =>
        Mode == WriteMode.Delete && attributes.Count > 0
            ? throw AnnException.Invalid("attributes", "attributes hold columns; a delete takes none.")
            : WireAttributes.Read(attributes, schema.Attributes, keys);
}
