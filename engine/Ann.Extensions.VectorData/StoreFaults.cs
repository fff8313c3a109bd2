using Grpc.Core;
using Microsoft.Extensions.VectorData;

namespace Ann.Extensions.VectorData;

/// <summary>Failures of calls as the abstraction tells them.</summary>
internal static class StoreFaults
{
    /// <summary>Name of the system, by the semantic conventions.</summary>
    public const string System = "annserver";

    /// <summary>The answer of a call.</summary>
    /// <exception cref="VectorStoreException">It failed; the inner exception is that of gRPC.</exception>
    public static async Task<T> TellAsync<T>(string operation, string? collection, Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw new VectorStoreException($"{operation} failed: {e.Status.Detail}", e)
            {
                VectorStoreSystemName = System,
                CollectionName = collection,
                OperationName = operation,
            };
        }
    }
}
