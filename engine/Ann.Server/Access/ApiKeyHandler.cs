using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Ann.Server.Transport;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Ann.Server.Access;

/// <summary>Who makes a call, by the API key that it shows.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Credentials credentials, OwnCaller own)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private static readonly Task<AuthenticateResult> Nothing = Task.FromResult(AuthenticateResult.NoResult());

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        ReadOnlySpan<char> bearer = AccessSchemes.BearerOf(Request);
        if (bearer.IsEmpty)
            return Nothing;
        return Task.FromResult(own.Look(bearer) ?? credentials.Keys.Look(bearer, TimeProvider.GetUtcNow()));
    }
}

/// <summary>The server as a caller of itself, which may read every index: it warms them up.</summary>
internal sealed class OwnCaller(OwnIdentity identity)
{
    /// <summary>Its name in records.</summary>
    public const string Name = "itself";

    private readonly AuthenticateResult _good = AuthenticateResult.Success(new AuthenticationTicket(
        new ClaimsPrincipal(new AccessIdentity("server", Name, new Grants([new Grant(AccessRole.Read, "*")]))), AccessSchemes.ApiKey));

    /// <summary>Null for what is not the server's own key.</summary>
    public AuthenticateResult? Look(ReadOnlySpan<char> bearer) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(bearer), MemoryMarshal.AsBytes(identity.Key.AsSpan())) ? _good : null;
}
