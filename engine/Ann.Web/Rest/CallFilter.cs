using Google.Api;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.OpenApi.Models;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Ann.Web.Rest;

/// <summary>Names each operation of the document after its method, and parts its comment in a sentence and the rest.</summary>
internal sealed class CallFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        GrpcJsonTranscodingMetadata? call =
            context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<GrpcJsonTranscodingMetadata>().FirstOrDefault();
        if (call is null)
            return;
        string service = call.MethodDescriptor.Service.Name;
        HttpRule whole = call.MethodDescriptor.GetOptions().GetExtension(AnnotationsExtensions.Http);
        int binding = whole.AdditionalBindings.IndexOf(call.HttpRule); // −1 of the first one
        operation.OperationId = $"{service}_{call.MethodDescriptor.Name}{(binding < 0 ? "" : $"_{binding + 2}")}";
        operation.Tags = [new OpenApiTag { Name = service }];

        string[] lines = [.. (operation.Summary ?? "").Split('\n').Select(static line => line.Trim())];
        string[] sentence = [.. lines.TakeWhile(static line => line.Length > 0 && !line.StartsWith("Errors:", StringComparison.Ordinal))];
        operation.Summary = string.Join(' ', sentence);
        operation.Description = string.Join('\n', lines.Skip(sentence.Length)).Trim();
    }
}
