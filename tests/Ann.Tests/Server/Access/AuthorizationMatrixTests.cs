using System.Net;
using System.Text.RegularExpressions;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using StatusCode = Grpc.Core.StatusCode;

namespace Ann.Tests.Server.Access;

/// <summary>
/// Goal: for every method and route there is, and every kind of caller, it is written here who gets in. Who adds a method or a route finds
/// the test failing until its row is here.
/// </summary>
[Collection<ServerTests>]
public sealed class AuthorizationMatrixTests(SampleIndexes samples)
{
    /// <summary>What a method takes, and how a call ends that it lets in, with a request that names an index and nothing else.</summary>
    private static readonly Dictionary<string, (Need Need, StatusCode LetIn)> Methods = new()
    {
        ["/ann.v1.Retrieval/Search"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/SearchMany"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Embed"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Fetch"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Recommend"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Range"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Scroll"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/PrepareFilter"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Retrieval/Explain"] = (Need.Read, StatusCode.InvalidArgument),
        ["/ann.v1.Ingest/Write"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Ingest/Upsert"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Ingest/Update"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Ingest/Delete"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Ingest/AppendToSet"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Ingest/DropSet"] = (Need.Write, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/List"] = (Need.ReadOfAny, StatusCode.OK),
        ["/ann.v1.Indexes/Describe"] = (Need.Read, StatusCode.OK),
        ["/ann.v1.Indexes/Create"] = (Need.Admin, StatusCode.InvalidArgument),
        ["/ann.v1.Indexes/Drop"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Attach"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Detach"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Promote"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Rollback"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Compact"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/ann.v1.Indexes/Snapshot"] = (Need.Admin, StatusCode.FailedPrecondition),
        ["/grpc.health.v1.Health/Check"] = (Need.Nothing, StatusCode.OK),
        ["/grpc.health.v1.Health/Watch"] = (Need.Nothing, StatusCode.OK),
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = (Need.Credential, StatusCode.OK),
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = (Need.Credential, StatusCode.OK),
    };

    /// <summary>What routes take of the port for operators, by their patterns, and what somebody gets whom they let in.</summary>
    private static readonly Dictionary<string, (Need Need, HttpStatusCode LetIn)> OpsRoutes = new()
    {
        ["livez"] = (Need.Nothing, HttpStatusCode.OK),
        ["readyz"] = (Need.Nothing, HttpStatusCode.OK),
        ["readyz/{index}"] = (Need.Nothing, HttpStatusCode.NotFound),
        ["metrics"] = (Need.Credential, HttpStatusCode.OK),
    };

    /// <summary>What routes take that are no methods, by their patterns.</summary>
    private static readonly Dictionary<string, Need> Routes = new()
    {
        ["{unimplementedService}/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["ann.v1.Retrieval/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["ann.v1.Ingest/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["ann.v1.Indexes/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["grpc.health.v1.Health/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["grpc.reflection.v1alpha.ServerReflection/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
        ["grpc.reflection.v1.ServerReflection/{unimplementedMethod:grpcunimplemented}"] = Need.Credential,
    };

    /// <summary>Least that lets somebody in. "Of any" where the call is about no index.</summary>
    private enum Need
    {
        Nothing,
        Credential,
        ReadOfAny,
        Read,
        Write,
        Admin,
    }

    [Fact]
    public async Task EveryCallerGetsWhatItsRoleAllows()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        RouteEndpoint[] endpoints = [.. server.Part<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];
        RawMethod[] methods =
        [
            .. new[]
            {
                RetrievalReflection.Descriptor, IngestReflection.Descriptor, IndexesReflection.Descriptor, HealthReflection.Descriptor,
                Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor, Grpc.Reflection.V1.ReflectionReflection.Descriptor,
            }.SelectMany(static file => file.Services).SelectMany(static service => service.Methods)
                .Select(static method => new RawMethod(method)),
        ];
        // A row for each method of the protocol, and of the server; a server's route for each row.
        Assert.Equal(Methods.Keys.Order(StringComparer.Ordinal), methods.Select(static one => one.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            Methods.Keys.Order(StringComparer.Ordinal),
            endpoints.Select(static one => one.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName).OfType<string>()
                .Distinct().Order(StringComparer.Ordinal));

        List<string> faults = [];
        foreach ((string caller, (Role role, CallInvoker invoker)) in Callers(server))
        {
            foreach (RawMethod method in methods)
            {
                (Need need, StatusCode letIn) = Methods[method.Name];
                StatusCode wanted = Wanted(role, need) ?? letIn;
                Status found = await method.CallAsync(invoker, "plain");
                if (found.StatusCode != wanted)
                    faults.Add($"{caller} calls {method.Name}: {wanted} was expected; found {found.StatusCode} ({found.Detail})");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        server.Part<RefusalRecord>().TellRest();
        string written = string.Join('\n', server.Log.All.Select(static line => line.Text)) + File.ReadAllText(server.AuditFile);
        Assert.Contains("PERMISSION_DENIED", written, StringComparison.Ordinal);
        Assert.All(server.Secrets, secret => Assert.DoesNotContain(secret, written, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryOtherRouteHasARowAndAPolicy()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        RouteEndpoint[] routes = [.. server.Part<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static one => one.Metadata.GetMetadata<GrpcMethodMetadata>() is null)];
        Assert.Equal(
            Routes.Keys.Concat(OpsRoutes.Keys).Order(StringComparer.Ordinal),
            routes.Select(static one => one.RoutePattern.RawText!.Trim('/')).Distinct().Order(StringComparer.Ordinal));

        List<string> faults = [];
        foreach ((string caller, Role role, HttpMessageHandler handler) in Clients(server))
        {
            using HttpClient client = new(handler) { DefaultRequestVersion = HttpVersion.Version20 };
            foreach ((string pattern, Need need) in Routes)
            {
                string path = Regex.Replace(pattern, @"\{[^}]*\}", "Nothing");
                using HttpRequestMessage request = new(HttpMethod.Post, new Uri(new Uri(server.Host.Address), path))
                {
                    Version = HttpVersion.Version20,
                    Content = new ByteArrayContent([]),
                };
                request.Content.Headers.ContentType = new("application/json");
                using HttpResponseMessage answer = await client.SendAsync(request);
                HttpStatusCode wanted = Wanted(role, need) switch
                {
                    StatusCode.Unauthenticated => HttpStatusCode.Unauthorized,
                    StatusCode.PermissionDenied => HttpStatusCode.Forbidden,
                    _ => HttpStatusCode.NotFound, // it is gRPC that there is nothing of
                };
                if (answer.StatusCode != wanted)
                    faults.Add($"{caller} calls {path}: {wanted} was expected; found {answer.StatusCode}");
                if (wanted == HttpStatusCode.Unauthorized)
                    Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            }
            foreach ((string pattern, (Need need, HttpStatusCode letIn)) in OpsRoutes)
            {
                Uri address = new(new Uri(server.Host.OpsAddress!), pattern.Replace("{index}", "Nothing", StringComparison.Ordinal));
                using HttpRequestMessage request = new(HttpMethod.Get, address) { Version = HttpVersion.Version11 };
                using HttpResponseMessage answer = await client.SendAsync(request);
                HttpStatusCode wanted = Wanted(role, need) switch
                {
                    StatusCode.Unauthenticated => HttpStatusCode.Unauthorized,
                    StatusCode.PermissionDenied => HttpStatusCode.Forbidden,
                    _ => letIn,
                };
                if (answer.StatusCode != wanted)
                    faults.Add($"{caller} calls {address}: {wanted} was expected; found {answer.StatusCode}");
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task WhatHasNoPolicyTakesACredential()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        AuthorizationOptions options = server.Part<Microsoft.Extensions.Options.IOptions<AuthorizationOptions>>().Value;

        Assert.NotNull(options.FallbackPolicy);
        Assert.Contains(options.FallbackPolicy.Requirements, static one =>
            one is Microsoft.AspNetCore.Authorization.Infrastructure.DenyAnonymousAuthorizationRequirement);
    }

    /// <summary>What somebody may do with the index "plain".</summary>
    private enum Role
    {
        /// <summary>No credential that is good.</summary>
        None,

        /// <summary>A good one, of other indexes.</summary>
        OtherIndex,
        Read,
        Write,
        Admin,
    }

    /// <summary>How a call is refused; null where it is let in.</summary>
    private static StatusCode? Wanted(Role role, Need need) => (role, need) switch
    {
        (_, Need.Nothing) => null,
        (Role.None, _) => StatusCode.Unauthenticated,
        (_, Need.Credential or Need.ReadOfAny) => null,
        (Role.Read or Role.Write or Role.Admin, Need.Read) or (Role.Write or Role.Admin, Need.Write) or (Role.Admin, Need.Admin) => null,
        _ => StatusCode.PermissionDenied,
    };

    private static IEnumerable<(string Caller, Role Role, HttpMessageHandler Handler)> Clients(GuardedServer server) =>
        Kinds(server).Select(one => (one.Caller, one.Role, server.Handler(one.Bearer, one.Certificate)));

    private static Dictionary<string, (Role, CallInvoker)> Callers(GuardedServer server) => Kinds(server).ToDictionary(
        static one => one.Caller, one => (one.Role, server.Connect(one.Bearer, one.Certificate).CreateCallInvoker()));

    private static List<(string Caller, Role Role, string? Bearer, (string, string)? Certificate)> Kinds(GuardedServer server)
    {
        (string read, _) = server.NewKey("reader", "read:plain");
        (string write, _) = server.NewKey("writer", "write:pla*");
        (string admin, _) = server.NewKey("keeper", "admin:plain");
        (string other, _) = server.NewKey("other", "admin:named");
        (string expired, _) = server.NewKey("old", "admin:*", DateTimeOffset.UtcNow.AddMinutes(-1));
        (string revoked, string id) = server.NewKey("gone", "admin:*");
        Ann.Tool.ApiKeys.KeyFileChange.Revoke(GuardedServer.World, server.KeyFile, id);
        server.LookAtFiles();
        using TestAuthority stranger = new("the authority"); // of the same name, with another key
        using TestIssuer forger = new();
        TestAuthority authority = server.Authority;
        return
        [
            ("nobody", Role.None, null, null),
            ("a wrong key", Role.None, read[..^43] + new string('A', 43), null),
            ("an unknown key", Role.None, "annkey_0123456789abcdef_" + new string('A', 43), null),
            ("half a key", Role.None, read[..^1], null),
            ("nonsense", Role.None, "nonsense", null),
            ("a key of a role read", Role.Read, read, null),
            ("a key of a role write", Role.Write, write, null),
            ("a key of a role admin", Role.Admin, admin, null),
            ("a key of another index", Role.OtherIndex, other, null),
            ("an expired key", Role.None, expired, null),
            ("a revoked key", Role.None, revoked, null),
            ("a token of a role read", Role.Read, server.Token("read:plain"), null),
            ("a token of several roles", Role.Write, server.Token(new[] { "nothing", "read:*", "write:plain" }), null),
            ("a token with a word", Role.Admin, server.Token(new[] { "search-admins" }), null),
            ("a token of no role", Role.OtherIndex, server.Token("read:named"), null),
            ("a token for another audience", Role.None, server.Token("admin:*", audience: "other"), null),
            ("a token of another issuer", Role.None, server.Issuer.Token("admin:*", issuer: "https://other.example"), null),
            ("an expired token", Role.None, server.Token("admin:*", minutes: -5), null),
            ("a token of a forger", Role.None, forger.Token("admin:*"), null),
            ("an unsigned token", Role.None, TestIssuer.Unsigned("admin:*"), null),
            ("a token signed with the public key", Role.None, server.Issuer.SignedWithPublicKey("admin:*"), null),
            ("a certificate by its subject", Role.Read, null, authority.Client("CN=ranking, O=Shop")),
            ("a certificate by its DNS name", Role.Write, null, authority.Client("CN=x", dns: "ingest.shop.example")),
            ("a certificate by its URI", Role.Admin, null, authority.Client("CN=y", uri: "spiffe://shop/admin")),
            ("a self-signed certificate", Role.None, null, TestAuthority.SelfSigned("CN=ranking, O=Shop")),
            ("a certificate of a stranger", Role.None, null, stranger.Client("CN=ranking, O=Shop")),
            ("a certificate of a server", Role.None, null, authority.Server("ranking")),
            ("a wrong key beside a good certificate", Role.None, "nonsense", authority.Client("CN=y", uri: "spiffe://shop/admin")),
        ];
    }
}
