using Ann.Protocol.V1;
using Grpc.AspNetCore.Server;

namespace Ann.Server.Access;

/// <summary>Which role a method takes. Of every index that its requests name.</summary>
/// <param name="Role">The least one.</param>
internal sealed record MethodAccess(AccessRole Role)
{
    /// <summary>Gives each method of a service its role and its policy.</summary>
    public static T Give<T>(T service)
        where T : IEndpointConventionBuilder
    {
        service.Add(static endpoint =>
        {
            if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { Method: { } method })
                return; // what answers that there is no such method
            AccessRole role = RoleOf(method.ServiceName, method.Name);
            endpoint.Metadata.Add(new MethodAccess(role));
            endpoint.Metadata.Add(new Microsoft.AspNetCore.Authorization.AuthorizeAttribute(AccessPolicies.Of(role)));
        });
        return service;
    }

    /// <summary>The role of a method of ours. What is not known to be less is the administrators'.</summary>
    public static AccessRole RoleOf(string service, string method) => (service, method) switch
    {
        ("ann.v1.Retrieval", _) => AccessRole.Read,
        ("ann.v1.Indexes", "List" or "Describe") => AccessRole.Read,
        ("ann.v1.Ingest", _) => AccessRole.Write,
        _ => AccessRole.Admin,
    };
}

/// <summary>Finds the index that a request names.</summary>
internal static class RequestedIndex
{
    /// <summary>Its name as the request has it; null where the request names none.</summary>
    /// <exception cref="InvalidOperationException">It is not known of such a request, which is a mistake of ours.</exception>
    public static string? Of(object request) => request switch
    {
        SearchRequest search => search.Index,
        SearchManyRequest many => many.Index,
        FetchRequest fetch => fetch.Index,
        UpsertRequest upsert => upsert.Index,
        UpdateRequest update => update.Index,
        DeleteRequest delete => delete.Index,
        RecommendRequest recommend => recommend.Search?.Index ?? "",
        RangeRequest range => range.Search?.Index ?? "",
        ExplainRequest explain => explain.Search?.Index ?? "",
        ScrollRequest scroll => scroll.Index,
        PrepareFilterRequest filter => filter.Index,
        EmbedRequest embed => embed.SourceCase == EmbedRequest.SourceOneofCase.Index ? embed.Index : null,
        AppendToSetRequest append => append.Index,
        DropSetRequest drop => drop.Index,
        WriteFrame frame => frame.FrameCase == WriteFrame.FrameOneofCase.Start ? frame.Start.Index : null,
        ListRequest => null,
        DescribeRequest describe => describe.Index,
        CreateRequest create => create.Index,
        DropRequest drop => drop.Index,
        AttachRequest attach => attach.Index,
        DetachRequest detach => detach.Index,
        PromoteRequest promote => promote.Index,
        RollbackRequest rollback => rollback.Index,
        CompactRequest compact => compact.Index,
        SnapshotRequest snapshot => snapshot.Index,
        _ => throw new InvalidOperationException($"Nobody has said which index a {request.GetType().Name} names."),
    };
}
