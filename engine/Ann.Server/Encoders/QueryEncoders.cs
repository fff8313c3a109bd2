using Ann.Core;
using Ann.Core.Indexes;

namespace Ann.Server.Encoders;

/// <summary>Which encoder makes vectors for an index.</summary>
internal sealed class QueryEncoders(EncoderCatalog encoders)
{
    /// <summary>The encoder of queries: what a text or a row of features is encoded with that is searched for in this snapshot.</summary>
    /// <param name="index">Held until the vectors are there: an encoder that its generation brought along is open as long as that.</param>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: there is none, or it is not hosted here.</exception>
    public ServedEncoder Of(IndexSnapshot index) => Require(index, index.Encoders.Queries, "queries");

    /// <summary>The encoder of items: what the rows of this snapshot came from.</summary>
    /// <exception cref="AnnException">As <see cref="Of"/>.</exception>
    public ServedEncoder OfItems(IndexSnapshot index) => Require(index, index.Encoders.Items, "rows");

    private ServedEncoder Require(IndexSnapshot index, SnapshotEncoder wanted, string what)
    {
        if (wanted.Fingerprint is not ulong fingerprint)
            throw new AnnException(AnnError.FailedPrecondition, $"Index '{index.Name}' was built without naming an encoder.");
        if (index.Encoder is LoadedEncoder own && own.Fingerprint == fingerprint)
            return own.Served;
        return encoders.WithFingerprint(fingerprint)
            ?? throw new AnnException(
                AnnError.FailedPrecondition, $"The encoder of the {what} of index '{index.Name}', {wanted}, is not hosted here.");
    }
}
