using System.Security.Claims;

namespace Ann.Server.Access;

/// <summary>Somebody whose credential was good, and what it allows. Made once a credential, not once a call.</summary>
internal sealed class AccessIdentity : ClaimsIdentity
{
    /// <summary>Claim with the name.</summary>
    public const string NameClaim = "sub";

    /// <param name="kind">Of the credential: <c>key</c>, <c>token</c>, <c>certificate</c>, <c>server</c>.</param>
    /// <param name="name">That the credential has. No secret.</param>
    /// <param name="grants">What it allows.</param>
    public AccessIdentity(string kind, string name, Grants grants)
        : base([new Claim(NameClaim, name)], kind, NameClaim, DefaultRoleClaimType)
    {
        Grants = grants;
        Shown = $"{kind}:{name}";
    }

    /// <summary>What it may do.</summary>
    public Grants Grants { get; }

    /// <summary>As records and messages name it, such as <c>key:ranking</c>.</summary>
    public string Shown { get; }

    /// <summary>Who makes a call; null for somebody without a good credential.</summary>
    public static AccessIdentity? Of(HttpContext context) => context.User.Identity as AccessIdentity;
}
