using System.Net;
using System.Net.Http.Headers;
using Ann.Server.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace Ann.Tests.Server.Access;

/// <summary>
/// Goal: JSON over HTTP and the console let in whom the calls let in, and nobody else.
/// Method: every route × callers without, with a bad, and with a good credential of each role. A route without a row fails.
/// </summary>
[Collection<ServerTests>]
public sealed class WebMatrixTests(SampleIndexes samples)
{
    /// <summary>What lets somebody in: nothing, a role on any index, or a role on the index <c>plain</c>.</summary>
    private enum Need
    {
        Nothing,
        ReadOfAny,
        Credential,
        Read,
        Write,
        Admin,
        AdminOfAny,
    }

    private static readonly (string Method, string Path, Need Need)[] Rows =
    [
        ("GET", "/", Need.Nothing),
        ("GET", "/console", Need.Nothing),
        ("GET", "/openapi/v1.json", Need.Nothing),
        ("GET", "/console/data/figures", Need.Credential),
        ("GET", "/console/data/segments?index=plain", Need.Read),
        ("GET", "/console/data/sets?index=plain", Need.Read),
        ("GET", "/console/data/filter?index=plain&text=x", Need.Read),
        ("GET", "/console/data/slow", Need.AdminOfAny),
        ("GET", "/console/data/slow/1", Need.AdminOfAny),
        ("GET", "/v1/indexes", Need.ReadOfAny),
        ("GET", "/v1/indexes/plain", Need.Read),
        ("POST", "/v1/indexes/plain:search", Need.Read),
        ("POST", "/v1/indexes/plain:searchMany", Need.Read),
        ("POST", "/v1/indexes/plain:embed", Need.Read),
        ("POST", "/v1/encoders/none:embed", Need.ReadOfAny),
        ("POST", "/v1/indexes/plain:fetch", Need.Read),
        ("POST", "/v1/indexes/plain:recommend", Need.Read),
        ("POST", "/v1/indexes/plain:range", Need.Read),
        ("POST", "/v1/indexes/plain:scroll", Need.Read),
        ("POST", "/v1/indexes/plain:prepareFilter", Need.Read),
        ("POST", "/v1/indexes/plain:explain", Need.Read),
        ("POST", "/v1/indexes/plain:upsert", Need.Write),
        ("POST", "/v1/indexes/plain:update", Need.Write),
        ("POST", "/v1/indexes/plain:delete", Need.Write),
        ("POST", "/v1/indexes/plain/sets/seen:append", Need.Write),
        ("DELETE", "/v1/indexes/plain/sets/seen", Need.Write),
        ("DELETE", "/v1/indexes/plain", Need.Admin),
        ("POST", "/v1/indexes/plain:attach", Need.Admin),
        ("POST", "/v1/indexes/plain:detach", Need.Admin),
        ("POST", "/v1/indexes/plain:promote", Need.Admin),
        ("POST", "/v1/indexes/plain:rollback", Need.Admin),
        ("POST", "/v1/indexes/plain:compact", Need.Admin),
        ("POST", "/v1/indexes/plain:snapshot", Need.Admin),
        ("POST", "/v1/indexes", Need.Admin),
    ];

    [Fact]
    public async Task EveryRouteLetsInWhoMay()
    {
        await using GuardedServer server = await StartAsync();
        string past = server.NewKey("past", "admin:*", DateTimeOffset.UtcNow.AddMinutes(-1)).Key;
        (string Name, string? Bearer, Func<Need, HttpStatusCode?> Refusal)[] callers =
        [
            ("nobody", null, Unknown),
            ("a wrong key", "annkey_0123456789abcdef_" + new string('A', 43), Unknown),
            ("an expired key", past, Unknown),
            ("a token for others", server.Token("admin:*", audience: "others"), Unknown),
            ("reader", server.NewKey("reader", "read:plain").Key, static need => Lacks(need > Need.Read)),
            ("writer", server.NewKey("writer", "write:plain").Key, static need => Lacks(need > Need.Write)),
            ("keeper", server.NewKey("keeper", "admin:plain").Key, static _ => null),
            ("keeper of another", server.NewKey("other", "admin:named").Key,
                static need => Lacks(need is >= Need.Read and not Need.AdminOfAny)),
        ];
        server.LookAtFiles();

        List<string> faults = [];
        foreach ((string name, string? bearer, Func<Need, HttpStatusCode?> refusal) in callers)
        {
            using HttpClient client = new(server.Handler(bearer)) { BaseAddress = new Uri(server.Host.WebAddress!) };
            foreach ((string method, string path, Need need) in Rows)
            {
                using HttpRequestMessage request = new(new HttpMethod(method), path);
                if (method == "POST")
                {
                    string body = path == "/v1/indexes" ? "{\"index\":\"plain\"}" : "{}";
                    request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
                }
                using HttpResponseMessage answer = await client.SendAsync(request);
                HttpStatusCode? wanted = refusal(need);
                if (need == Need.Read && path.StartsWith(ConsoleData.Path, StringComparison.Ordinal) && wanted == HttpStatusCode.Forbidden)
                    wanted = HttpStatusCode.NotFound; // who may not read an index hears of none
                bool isRefused = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
                isRefused |= need == Need.Read && path.StartsWith(ConsoleData.Path, StringComparison.Ordinal)
                    && path != ConsoleData.Path + "/sets?index=plain" && answer.StatusCode == HttpStatusCode.NotFound;
                if (wanted is { } code ? answer.StatusCode != code : isRefused)
                    faults.Add($"{name}, {method} {path}: {wanted?.ToString() ?? "no refusal"} was expected; found {answer.StatusCode}");
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task EveryRouteHasARow()
    {
        await using GuardedServer server = await StartAsync();
        (string Method, RoutePattern Pattern)[] routes = [.. server.Part<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static one => IsOfWeb("/" + one.RoutePattern.RawText!.TrimStart('/')))
            .SelectMany(static one => (one.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Where(static method => method != "HEAD").Select(method => (method, one.RoutePattern)))
            .DistinctBy(static route => $"{route.method} {route.RoutePattern.RawText}")];
        Assert.Equal(Rows.Length, routes.Length);
        Assert.All(routes, route => Assert.Contains(Rows, row => Fits(row.Method, row.Path, route)));
        Assert.All(Rows, row => Assert.Contains(routes, route => Fits(row.Method, row.Path, route)));

        static bool Fits(string method, string path, (string Method, RoutePattern Pattern) route) => method == route.Method
            && new TemplateMatcher(new RouteTemplate(route.Pattern), []).TryMatch(path.Split('?')[0], []);

        static bool IsOfWeb(string path) =>
            path == "/" || new[] { "/v1/", "/console", "/openapi" }.Any(start => path.StartsWith(start, StringComparison.Ordinal));
    }

    private Task<GuardedServer> StartAsync() => GuardedServer.StartAsync(samples, static options =>
    {
        options.Console = true;
        options.WebListen = "127.0.0.1:0";
    });

    private static HttpStatusCode? Unknown(Need need) => need == Need.Nothing ? null : HttpStatusCode.Unauthorized;

    private static HttpStatusCode? Lacks(bool lacks) => lacks ? HttpStatusCode.Forbidden : null;
}
