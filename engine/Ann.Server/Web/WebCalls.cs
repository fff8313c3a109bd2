using System.IO.Pipelines;
using Ann.Core;
using Ann.Server.Admission;
using Ann.Server.Errors;
using Ann.Web;
using Ann.Web.Pages;
using Ann.Web.Rest;
using Google.Rpc;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Ann.Server.Web;

/// <summary>What comes by the port of console and REST: guarded, held to what calls are held to, and kept off the other port.</summary>
internal sealed class WebCalls(
    WebGuard guard, RequestGauge gauge, ThreadReserve threads, IOptions<ServerOptions> options)
{
    /// <summary>Runs a request of either port.</summary>
    public Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (WebConnection.Is(context))
            return AnswerAsync(context, next);
        if (!IsOfWeb(context.Request.Path))
            return gauge.RunAsync(context, next);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static bool IsOfWeb(PathString path) =>
        path.StartsWithSegments(RestParts.CallsPath) || path.StartsWithSegments(ConsoleFiles.Path)
        || path.StartsWithSegments(RestParts.DocumentPath);

    private async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (!await guard.AdmitAsync(context))
            return;
        PathString path = context.Request.Path;
        Endpoint? endpoint = context.GetEndpoint();
        bool isThere = endpoint is not null && (IsOfWeb(path) || path.Value is "/" or "");
        if (isThere && RestRoutes.MethodOf(endpoint) is string method)
            await CallAsync(context, gauge.LimitsOf(method), next);
        else if (isThere)
            await next(context);
        else
            await WebGuard.WriteAsync(context, StatusCodes.Status404NotFound, Code.NotFound, "There is no such path here.");
    }

    /// <summary>Text in another form would pass all that looks at its bytes, and be read as what they are not.</summary>
    private static void RequireUtf8(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        string packed = request.Headers.ContentEncoding.ToString();
        if (packed.Length > 0 && !packed.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw Unreadable(HeaderNames.ContentEncoding, packed, "a body is taken as it is, not compressed.");
        string charset = request.GetTypedHeaders().ContentType?.Charset.Value?.Trim('"') ?? "";
        if (charset.Length > 0 && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw Unreadable(HeaderNames.ContentType, charset, "JSON is taken in UTF-8.");
    }

    private static AnnException Unreadable(string header, string found, string wanted) =>
        AnnException.Invalid(header, $"{header} has '{CutText.Of(found)}'; {wanted}");

    private async Task CallAsync(HttpContext context, RequestLimits limits, RequestDelegate next)
    {
        Caller caller = gauge.CallerOf(context);
        if (caller.Meters?.Own?.Foresee() is { } refusal)
        {
            await RestErrors.WriteAsync(context, refusal); // before the body is read, as of a gRPC message
            return;
        }
        using JsonBody body = new(gauge.Budget);
        byte[] bytes;
        using (CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted))
        {
            late.CancelAfter(gauge.BodyLimit);
            try
            {
                RequireUtf8(context.Request);
                bytes = await body.ReadAsync(context.Request.BodyReader, context.Request.ContentLength, limits.MostBytes, late.Token);
                JsonMembers.RequireKnown(bytes, limits.Message);
            }
            catch (AnnException e)
            {
                await RestErrors.WriteAsync(context, e);
                return;
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                await RestErrors.WriteAsync(context, new AnnException(
                    AnnError.Unavailable, $"The body of the call did not come whole within {gauge.BodyLimit.TotalSeconds} s."));
                return;
            }
        }
        context.Request.Body = new MemoryStream(bytes, writable: false);
        CallBody call = new(PipeReader.Create(context.Request.Body), caller, bytes.Length);
        context.Features.Set<IRequestBodyPipeFeature>(call);
        if (limits.HoldsThreads)
            threads.Hold();
        try
        {
            await next(context);
            if (call.Room is { } room)
                await ReplyDrain.WaitAsync(context, room.Reckoned, TimeSpan.FromSeconds(options.Value.ReplySeconds));
        }
        finally
        {
            call.Room?.Dispose();
            if (limits.HoldsThreads)
                threads.Release();
        }
    }
}
