using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Access;

/// <summary>Records each administrative act of <see cref="Protocol.V1.Indexes"/>: who did what to which index, and how it ended.</summary>
internal sealed class ActRecord(AuditFile audit, TimeProvider time) : Interceptor
{
    private const string Anonymous = "anonymous";

    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        HttpContext http = context.GetHttpContext();
        if (http.GetEndpoint()?.Metadata.GetMetadata<MethodAccess>() is not { Role: AccessRole.Admin })
            return await continuation(request, context);
        long start = time.GetTimestamp();
        try
        {
            TResponse response = await continuation(request, context);
            Write(StatusCode.OK, null);
            return response;
        }
        catch (Exception e)
        {
            StatusCode code = e switch
            {
                AnnException expected => StatusDetails.ToStatusCode(expected.Error),
                RpcException ended => ended.StatusCode,
                OperationCanceledException => StatusCode.Cancelled,
                _ => StatusCode.Internal,
            };
            Write(code, e is AnnException or RpcException ? e.Message : null);
            throw;
        }

        void Write(StatusCode code, string? reason) => audit.Write(new AuditLine
        {
            Kind = "act",
            Caller = AccessIdentity.Of(http)?.Shown ?? Anonymous,
            From = CallerAddress.Of(http),
            Call = context.Method,
            Index = CutText.Of(RequestedIndex.Of(request) ?? ""),
            Of = WhatOf(request) is { } named ? CutText.Of(named) : null,
            Code = RefusalRecord.NameOf(code),
            Reason = reason is null ? null : CutText.Of(reason),
            Seconds = Math.Round(time.GetElapsedTime(start).TotalSeconds, 3),
        }, isAct: true);
    }

    /// <summary>What a request does it to, or with; null where the index is all.</summary>
    private static string? WhatOf(object request) => request switch
    {
        AttachRequest attach => attach.File,
        DetachRequest detach => detach.Generation,
        PromoteRequest { Force: true } promote => promote.Generation + " (forced)",
        PromoteRequest promote => promote.Generation,
        SnapshotRequest snapshot => snapshot.Name,
        _ => null,
    };
}
