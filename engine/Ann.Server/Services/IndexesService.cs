using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Encoders;
using Ann.Server.Mapping;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Tells what is hosted.</summary>
internal sealed class IndexesService(IndexCatalog catalog, EncoderCatalog encoders) : Indexes.IndexesBase
{
    public override Task<ListResponse> List(ListRequest request, ServerCallContext context)
    {
        ListResponse response = new();
        foreach (HostedIndex index in catalog.Indexes)
            response.Indexes.Add(IndexDescriptions.Of(index, encoders));
        return Task.FromResult(response);
    }

    public override Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context) =>
        Task.FromResult(new DescribeResponse { Index = IndexDescriptions.Of(catalog.Find(request.Index), encoders) });
}
