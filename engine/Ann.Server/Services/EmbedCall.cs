using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using TextRole = Ann.Encoding.TextRole;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Services;

/// <summary>The vectors of some texts.</summary>
internal sealed class EmbedCall(
    IndexCatalog catalog, EncoderCatalog encoders, CallLimits calls, IOptions<ServerOptions> options)
{
    private readonly ServerOptions _limits = options.Value;

    public EmbedResponse Run(EmbedRequest request, ServerCallContext context)
    {
        if (request.Texts.Count is 0 || request.Texts.Count > _limits.MaxTextsPerRequest)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}; a request takes 1 to {_limits.MaxTextsPerRequest}.");
        // Held to the end: an encoder that the generation brought along is open as long as that.
        using SnapshotLease index = request.SourceCase == EmbedRequest.SourceOneofCase.Index ? catalog.Acquire(request.Index) : default;
        TextEncoder encoder = EncoderOf(request, index.Snapshot);

        int dimension = encoder.Info.Dimension;
        long length = (long)request.Texts.Count * dimension * sizeof(float);
        if (length > Array.MaxLength)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}, whose vectors make {length} bytes; send fewer.");
        calls.RoomOf(context).Take(ReplyRoom.OfVectors(request.Texts.Count, dimension));
        byte[] rows = new byte[length];
        encoder.Encode(request.Texts, RoleOf(request), MemoryMarshal.Cast<byte, float>(rows.AsSpan()), context.CancellationToken);
        return new EmbedResponse
        {
            Vectors = new VectorBatch { Dtype = Dtype.F32, Dim = (uint)dimension, Data = UnsafeByteOperations.UnsafeWrap(rows) },
            EncoderFingerprint = encoder.Info.Fingerprint,
            Encoder = encoder.Info.Name,
        };
    }

    private static TextRole RoleOf(EmbedRequest request) => request.Role switch
    {
        Wire.TextRole.Unspecified or Wire.TextRole.Query => TextRole.Query,
        Wire.TextRole.Document => TextRole.Document,
        _ => throw AnnException.Invalid(
            "role", $"role is {(int)request.Role}; it must be QUERY (1), DOCUMENT (2), or not set."),
    };

    private TextEncoder EncoderOf(EmbedRequest request, IndexSnapshot? index)
    {
        if (request.SourceCase == EmbedRequest.SourceOneofCase.Encoder)
            return encoders.Named(request.Encoder);
        if (index is null)
            throw AnnException.Invalid("source", "Neither index nor encoder is set; one of them must be.");

        bool asks = RoleOf(request) == TextRole.Query;
        SnapshotEncoder wanted = asks ? index.Encoders.Queries : index.Encoders.Items;
        if (wanted.Fingerprint is not ulong fingerprint)
            throw new AnnException(AnnError.FailedPrecondition, $"Index '{index.Name}' was built without naming an encoder.");
        if (index.Encoder is LoadedEncoder own && own.Fingerprint == fingerprint)
        {
            return own.Text ?? throw AnnException.Refused(
                "texts", $"The encoder of the queries of index '{index.Name}', {wanted}, reads features; it takes no texts.");
        }
        return encoders.WithFingerprint(fingerprint)
            ?? throw new AnnException(
                AnnError.FailedPrecondition,
                $"The encoder of the {(asks ? "queries" : "rows")} of index '{index.Name}', {wanted}, is not hosted here.");
    }
}
