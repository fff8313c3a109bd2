using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Ann.Server.Access;

/// <summary>
/// Looks again at the credential of a call that lasts: a stream may be open for days, in which keys are revoked, tokens end and grants
/// are taken away.
/// </summary>
internal sealed class StandingCredential(IAuthenticationSchemeProvider schemes, IOptionsMonitor<AuthenticationSchemeOptions> options)
{
    /// <summary>Looks, and makes whoever is found the caller of the call.</summary>
    /// <param name="http">The call.</param>
    /// <returns>Null where the credential is still good, else what is wrong with it.</returns>
    public async Task<string?> FaultAsync(HttpContext http)
    {
        string scheme = options.Get(AccessSchemes.ApiKey).ForwardDefaultSelector?.Invoke(http) ?? AccessSchemes.ApiKey;
        // Handlers of its own: those of the call keep what they found when it began.
        AuthenticationHandlerProvider handlers = new(schemes);
        IAuthenticationHandler handler = await handlers.GetHandlerAsync(http, scheme)
            ?? throw new InvalidOperationException($"There is no authentication scheme {scheme}.");
        AuthenticateResult found = await handler.AuthenticateAsync();
        if (!found.Succeeded)
            return found.Failure?.Message ?? "The credential is not good any more.";
        http.User = found.Principal;
        return null;
    }
}
