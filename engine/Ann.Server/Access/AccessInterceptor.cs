using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Access;

/// <summary>
/// Checks the index that a request names: the policy of its route knows that its caller has the role somewhere, and not where. Messages and
/// lists tell a caller of no index that it may not read.
/// </summary>
internal sealed class AccessInterceptor(IndexCatalog catalog, StandingCredential standing, RefusalRecord refusals) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        HttpContext http = context.GetHttpContext();
        if (http.GetEndpoint()?.Metadata.GetMetadata<MethodAccess>() is not { } access)
            return continuation(request, context); // health and reflection have a policy, and no index
        string? index = RequestedIndex.Of(request);
        AccessIdentity caller = Require(http, access.Role, index);
        if (caller.Grants.AllowAll(AccessRole.Read))
            return continuation(request, context);
        try
        {
            Task<TResponse> call = continuation(request, context);
            return call.IsCompletedSuccessfully && call is not Task<ListResponse> ? call : TellLessAsync(call, caller, index);
        }
        catch (AnnException e) when (TellsNames(e))
        {
            throw NoSuchIndex(caller, index);
        }
    }

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        HttpContext http = context.GetHttpContext();
        return http.GetEndpoint()?.Metadata.GetMetadata<MethodAccess>() is { } access
            ? StreamAsync(http, access.Role)
            : continuation(requestStream, responseStream, context);

        async Task StreamAsync(HttpContext http, AccessRole role)
        {
            AccessIdentity? caller = null;
            string? index = null;
            CheckedReader<TRequest> frames = new(requestStream, async frame =>
            {
                if (caller is not null && await standing.FaultAsync(http) is string fault)
                {
                    refusals.Add(http, caller.Shown, "", StatusCode.Unauthenticated, fault);
                    throw AccessStatus.Unauthenticated(fault).ToRpcException();
                }
                index = RequestedIndex.Of(frame) ?? index;
                caller = Require(http, role, index);
            });
            try
            {
                await continuation(frames, responseStream, context);
            }
            catch (AnnException e) when (TellsNames(e) && caller?.Grants.AllowAll(AccessRole.Read) == false)
            {
                throw NoSuchIndex(caller, index);
            }
        }
    }

    /// <summary>Ends a call whose answer is not for all of its callers alike.</summary>
    private async Task<TResponse> TellLessAsync<TResponse>(Task<TResponse> call, AccessIdentity caller, string? index)
    {
        try
        {
            TResponse response = await call;
            if (response is ListResponse list)
                KeepReadable(list, caller);
            return response;
        }
        catch (AnnException e) when (TellsNames(e))
        {
            throw NoSuchIndex(caller, index);
        }
    }

    private static bool TellsNames(AnnException e) => e is { Error: AnnError.NotFound, Field: "index" };

    /// <summary>That there is no such index, and which of those there are that the caller may read.</summary>
    private AnnException NoSuchIndex(AccessIdentity caller, string? index) => AnnException.NoSuchIndex(
        index ?? "", [.. catalog.Indexes.Select(static one => one.Name).Where(name => caller.Grants.Allow(AccessRole.Read, name))]);

    private static void KeepReadable(ListResponse list, AccessIdentity caller)
    {
        IndexDescription[] readable = [.. list.Indexes.Where(index => caller.Grants.Allow(AccessRole.Read, index.Name))];
        list.Indexes.Clear();
        list.Indexes.Add(readable);
    }

    private AccessIdentity Require(HttpContext http, AccessRole role, string? index)
    {
        AccessIdentity caller = AccessIdentity.Of(http)
            ?? throw new InvalidOperationException("A call passed its policy without a caller.");
        if (index is null || caller.Grants.Allow(role, index))
            return caller;
        IndexReference wanted = IndexReference.Parse(index);
        string shown = IndexName.IsValid(wanted.Name) ? wanted.Name : "(no name of an index)"; // logs and records repeat it
        string message = $"{caller.Shown} has no role {EnumNames<AccessRole>.Plain.Of(role)} on index '{shown}'.";
        refusals.Add(http, caller.Shown, shown, StatusCode.PermissionDenied, message);
        throw AccessStatus.Denied(message).ToRpcException();
    }

    /// <summary>Looks at each frame before the service does.</summary>
    private sealed class CheckedReader<T>(IAsyncStreamReader<T> frames, Func<T, Task> check) : IAsyncStreamReader<T>
        where T : class
    {
        public T Current => frames.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await frames.MoveNext(cancellationToken))
                return false;
            await check(frames.Current);
            return true;
        }
    }
}
