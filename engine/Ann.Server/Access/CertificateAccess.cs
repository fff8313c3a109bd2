using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using Ann.Server.Transport;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;

namespace Ann.Server.Access;

/// <summary>
/// Who makes a call, by the certificate of its connection: what the platform's scheme asks before it looks at a certificate itself. The
/// handshake has looked at it (<see cref="ClientTrust"/>), with what was sent along and without fetching anything; the scheme would do
/// neither.
/// </summary>
internal sealed class CertificateAccess(ClientTrust trust, Credentials credentials) : ICertificateValidationCache
{
    private static readonly AuthenticateResult NotGood = AuthenticateResult.Fail(
        "The certificate of the connection was issued by nobody that is trusted here, or has ended.");

    private readonly ConditionalWeakTable<X509Certificate2, Named> _named = [];

    /// <inheritdoc/>
    public AuthenticateResult? Get(HttpContext context, X509Certificate2 certificate)
    {
        if (!trust.IsGood(certificate))
            return NotGood;
        GrantsFile grants = credentials.Grants;
        if (!_named.TryGetValue(certificate, out Named? named) || named.Grants != grants)
        {
            ClaimsPrincipal principal = new(grants.IdentityOf(certificate));
            AuthenticationTicket ticket = new(principal, CertificateAuthenticationDefaults.AuthenticationScheme);
            named = new Named(grants, AuthenticateResult.Success(ticket));
            _named.AddOrUpdate(certificate, named);
        }
        return named.Result;
    }

    /// <inheritdoc/>
    public void Put(HttpContext context, X509Certificate2 certificate, AuthenticateResult result)
    {
        // Get always knows.
    }

    private sealed record Named(GrantsFile Grants, AuthenticateResult Result);
}
