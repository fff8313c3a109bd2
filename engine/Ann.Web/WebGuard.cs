using System.Net;
using Ann.Web.Rest;
using Google.Protobuf;
using Google.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Ann.Web;

/// <summary>
/// What keeps other people's pages from using the console's: names that lead here without being told (DNS rebinding), calls that another
/// site's page makes a browser send, and scripts that are not ours.
/// </summary>
/// <remarks>
/// There is no cookie: whoever must tell who he is does so in a header, which no other site's page can make a browser send. A server
/// without authentication has nothing but this guard. Acts are told from looks by their method, and their page by what browsers say of it
/// (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/; older ones by Origin).
/// </remarks>
/// <param name="names">Names by which it may be reached, beside addresses and <c>localhost</c>.</param>
internal sealed class WebGuard(IEnumerable<string> names)
{
    /// <summary>Nothing in line, nothing from elsewhere, no frame around it.</summary>
    public const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'";

    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithTypeRegistry(RestParts.Details));

    private readonly HashSet<string> _names = new(names.Append("localhost"), StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets the headers of every answer, and refuses what must not come further.</summary>
    /// <returns>True when the request may go on.</returns>
    public async ValueTask<bool> AdmitAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers[HeaderNames.ContentSecurityPolicy] = ContentPolicy;
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers[HeaderNames.CacheControl] = "no-store";

        if (RefusalOf(context.Request) is not string refusal)
            return true;
        await WriteAsync(context, StatusCodes.Status403Forbidden, Code.PermissionDenied, refusal);
        return false;
    }

    /// <summary>Answers with an error as REST calls have it.</summary>
    public static Task WriteAsync(HttpContext context, int httpStatus, Status status)
    {
        context.Response.StatusCode = httpStatus;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Formatter.Format(status), context.RequestAborted);
    }

    /// <inheritdoc cref="WriteAsync(HttpContext, int, Status)"/>
    public static Task WriteAsync(HttpContext context, int httpStatus, Code code, string message) =>
        WriteAsync(context, httpStatus, new Status { Code = (int)code, Message = message });

    private string? RefusalOf(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        string host = request.Host.Host;
        if (!_names.Contains(host) && !IPAddress.TryParse(host.Trim('[', ']'), out _))
        {
            return $"'{host}' is no name of this server; it is reached by address, as localhost, or by a name that WebNames lists "
                + "(--web-name).";
        }
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return null;
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is "same-origin" or "none" ? null : "A page of another site may not act here.";
        string origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}" ? null : "A page of another site may not act here.";
    }
}
