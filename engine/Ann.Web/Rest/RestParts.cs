using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi.Models;

namespace Ann.Web.Rest;

/// <summary>
/// REST: the calls of <c>proto/ann/v1</c> that carry a <c>google.api.http</c> rule, as JSON over HTTP, and the document that describes
/// them. They are the gRPC methods themselves, behind the same interceptors.
/// </summary>
internal static class RestParts
{
    /// <summary>Where the document is.</summary>
    public const string DocumentPath = "/openapi/v1.json";

    /// <summary>Below it lie the calls.</summary>
    public const string CallsPath = "/v1";

    private const string DocumentName = "v1";

    /// <summary>What the details of an error may be.</summary>
    public static TypeRegistry Details { get; } = TypeRegistry.FromMessages(
        ErrorInfo.Descriptor, BadRequest.Descriptor, ResourceInfo.Descriptor, PreconditionFailure.Descriptor, QuotaFailure.Descriptor,
        RetryInfo.Descriptor);

    /// <summary>Makes the services of <paramref name="grpc"/> answer JSON too.</summary>
    public static void AddRest(this IGrpcServerBuilder grpc)
    {
        grpc.AddJsonTranscoding(static json =>
        {
            json.TypeRegistry = Details;
            json.JsonSettings.WriteInt64sAsStrings = true; // JavaScript would round fingerprints and keys
        });
        grpc.Services.AddGrpcSwagger();
        grpc.Services.AddSwaggerGen(static document =>
        {
            document.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "AnnServer",
                Version = DocumentName,
                Description = "Vector search. 64-bit numbers are texts, bytes are base64, enums are names; errors are google.rpc.Status.",
            });
            document.IncludeGrpcXmlComments(ProtocolComments.Document, includeControllerXmlComments: true);
            document.OperationFilter<CallFilter>();
            document.SchemaFilter<ProtocolComments>();
            document.MapType<long>(static () => WideNumber("int64"));
            document.MapType<ulong>(static () => WideNumber("uint64"));
        });
    }

    /// <summary>Serves the document.</summary>
    public static void MapRestDocument(this IEndpointRouteBuilder endpoints) => endpoints.MapSwagger("/openapi/{documentName}.json");

    /// <summary>64 bits as JSON has them: a text.</summary>
    private static OpenApiSchema WideNumber(string format) => new() { Type = "string", Format = format };
}
