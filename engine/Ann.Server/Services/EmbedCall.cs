using Ann.Core;
using Ann.Core.Indexes;
using Ann.Encoding.Batching;
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
    IndexCatalog catalog, EncoderCatalog encoders, QueryEncoders ofIndexes, EncodedRows rows, CallLimits calls,
    IOptions<ServerOptions> options)
{
    private readonly ServerOptions _limits = options.Value;

    public async Task<EmbedResponse> RunAsync(EmbedRequest request, ServerCallContext context)
    {
        if (request.Texts.Count is 0 || request.Texts.Count > _limits.MaxTextsPerRequest)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}; a request takes 1 to {_limits.MaxTextsPerRequest}.");
        TextRole role = RoleOf(request);
        // Held to the end: an encoder that the generation brought along is open as long as that.
        using SnapshotLease index = request.SourceCase == EmbedRequest.SourceOneofCase.Index ? catalog.Acquire(request.Index) : default;
        ServedEncoder encoder = EncoderOf(request, role, index.Snapshot);
        MicroBatcher<RoleText> batches = encoder.Texts
            ?? throw AnnException.Invalid("texts", $"Encoder '{encoder.Info.Name}' reads features; it encodes no texts.");

        int dimension = encoder.Info.Dimension;
        long length = (long)request.Texts.Count * dimension * sizeof(float);
        if (length > Array.MaxLength)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}, whose vectors make {length} bytes; send fewer.");
        calls.RoomOf(context).Take(ReplyRoom.OfVectors(request.Texts.Count, dimension));
        byte[] encoded = await rows.OfAsync(
            batches, [.. request.Texts.Select(text => new RoleText(text, role))], calls.LeftOf(context), static text => $"texts[{text}]",
            context);
        return new EmbedResponse
        {
            Vectors = new VectorBatch { Dtype = Dtype.F32, Dim = (uint)dimension, Data = UnsafeByteOperations.UnsafeWrap(encoded) },
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

    private ServedEncoder EncoderOf(EmbedRequest request, TextRole role, IndexSnapshot? index)
    {
        if (request.SourceCase == EmbedRequest.SourceOneofCase.Encoder)
            return encoders.Named(request.Encoder);
        if (index is null)
            throw AnnException.Invalid("source", "Neither index nor encoder is set; one of them must be.");
        return role == TextRole.Query ? ofIndexes.Of(index) : ofIndexes.OfItems(index);
    }
}
