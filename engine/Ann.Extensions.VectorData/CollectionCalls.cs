using Ann.Client;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Extensions.VectorData;

/// <summary>Indexes as collections: there or not, made, dropped.</summary>
internal static class CollectionCalls
{
    /// <summary>Whether the index is there.</summary>
    public static async Task<bool> ExistsAsync(AnnClient client, string name, CancellationToken cancellation)
    {
        try
        {
            await client.Index(name).DescribeAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Makes the index, unless it is there.</summary>
    /// <returns>True when it was made.</returns>
    public static async Task<bool> CreateAsync(AnnClient client, string name, RecordModel model, CancellationToken cancellation)
    {
        CreateRequest request = new()
        {
            Index = name,
            Dimension = (uint)model.Vector.Dimensions,
            Metric = model.Metric,
            KeyKind = model.HasTextKeys ? KeyKind.String : KeyKind.Uint64,
        };
        foreach (RecordField field in model.Fields)
            request.Attributes.Add(new AttributeField { Name = field.Name, Type = field.Kind.Type });
        try
        {
            await client.Indexes.CreateAsync(request, cancellationToken: cancellation).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return false;
        }
    }

    /// <summary>Drops the index, where it is there.</summary>
    /// <returns>True when it was.</returns>
    public static async Task<bool> DropAsync(AnnClient client, string name, CancellationToken cancellation)
    {
        try
        {
            await client.Indexes.DropAsync(new DropRequest { Index = name }, cancellationToken: cancellation).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }
}
