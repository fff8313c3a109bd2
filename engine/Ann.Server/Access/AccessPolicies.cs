using Microsoft.AspNetCore.Authorization;

namespace Ann.Server.Access;

/// <summary>
/// The names of the authorization policies, for whatever the server answers: every route has one of them, by
/// <see cref="RouteAccess.RequireAccess{T}"/>.
/// </summary>
internal static class AccessPolicies
{
    /// <summary>The role read on some index; which one, the call itself is checked for.</summary>
    public const string Read = "ann.read";

    /// <summary>The role write on some index.</summary>
    public const string Write = "ann.write";

    /// <summary>The role admin on some index.</summary>
    public const string Admin = "ann.admin";

    /// <summary>The role admin on every index: what concerns the whole server.</summary>
    public const string Server = "ann.server";

    /// <summary>Health, by <see cref="ServerOptions.HealthAccess"/>.</summary>
    public const string Health = "ann.health";

    /// <summary>Metrics, by <see cref="ServerOptions.MetricsAccess"/>.</summary>
    public const string Metrics = "ann.metrics";

    /// <summary>Reflection, by <see cref="ServerOptions.ReflectionAccess"/>.</summary>
    public const string Reflection = "ann.reflection";

    /// <summary>Any good credential.</summary>
    public const string Authenticated = "ann.authenticated";

    /// <summary>What holds nothing of the server's: files of pages, documents of the interface.</summary>
    public const string Public = "ann.public";

    /// <summary>The policy of a role on some index.</summary>
    public static string Of(AccessRole role) => role switch
    {
        AccessRole.Read => Read,
        AccessRole.Write => Write,
        AccessRole.Admin => Admin,
    };

    /// <summary>Adds them all. What has none takes any good credential, and no other.</summary>
    public static void AddTo(AuthorizationOptions authorization, ServerOptions options)
    {
        foreach (AccessRole role in Enum.GetValues<AccessRole>())
            authorization.AddPolicy(Of(role), policy => policy.AddRequirements(new GrantRequirement(role)));
        authorization.AddPolicy(Server, static policy => policy.AddRequirements(new GrantRequirement(AccessRole.Admin, IsOfAll: true)));
        authorization.AddPolicy(Authenticated, static policy => policy.RequireAuthenticatedUser());
        authorization.AddPolicy(Public, static policy => policy.RequireAssertion(static _ => true));
        foreach ((string name, AccessLevel level) in new[]
        {
            (Health, options.HealthAccess), (Metrics, options.MetricsAccess), (Reflection, options.ReflectionAccess),
        })
        {
            authorization.AddPolicy(name, authorization.GetPolicy(level switch
            {
                AccessLevel.Anyone => Public,
                AccessLevel.Authenticated => Authenticated,
                AccessLevel.Admin => Server,
            })!);
        }
        authorization.FallbackPolicy = authorization.DefaultPolicy = authorization.GetPolicy(Authenticated)!;
    }
}

/// <summary>A role, on some index or on all.</summary>
/// <param name="Role">The least one.</param>
/// <param name="IsOfAll">True where it must be of every index.</param>
internal sealed record GrantRequirement(AccessRole Role, bool IsOfAll = false) : IAuthorizationRequirement, IAuthorizationHandler
{
    /// <inheritdoc/>
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        if (context.User.Identity is AccessIdentity identity
            && (IsOfAll ? identity.Grants.AllowAll(Role) : identity.Grants.AllowAny(Role)))
        {
            context.Succeed(this);
        }
        return Task.CompletedTask;
    }
}

/// <summary>Gives routes their policies.</summary>
internal static class RouteAccess
{
    /// <summary>Says who may take a route. Nobody is asked where the server authenticates nobody.</summary>
    /// <param name="routes">One or several.</param>
    /// <param name="policy">Of <see cref="AccessPolicies"/>.</param>
    public static T RequireAccess<T>(this T routes, string policy)
        where T : IEndpointConventionBuilder => routes.RequireAuthorization(policy);
}
