using System.Runtime.CompilerServices;
using Ann.Server.Access;
using Ann.Server.Reloading;
using Ann.Server.Services;
using Ann.Server.Telemetry;
using Ann.Server.Transport;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>
/// Puts together who may do what. Nothing of it is in the pipeline of a server that authenticates nobody, and nothing of a kind of
/// credential in that of one that does not take it.
/// </summary>
internal static class AccessParts
{
    public static void AddAccess(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<OwnIdentity>();
        services.AddSingleton<OwnConnection>();
        services.AddSingleton<WatchedFiles>();
        services.AddSingleton<ClientTrust>();
        services.AddSingleton<ServerTls>();
        services.AddSingleton<AuditFile>();
        services.AddSingleton<RefusalRecord>();
        if (options.AuditLogFile.Length > 0)
        {
            services.AddSingleton<ActRecord>();
            services.Configure<GrpcServiceOptions<IndexesService>>(static grpc => grpc.Interceptors.Add<ActRecord>());
        }
        if (options.AuthenticatesCallers())
            AddCallers(services, options);
        else
            services.Configure<RouteOptions>(static routes => routes.SuppressCheckForUnhandledSecurityMetadata = true);
    }

    /// <summary>Opens what the settings name: certificates, keys, grants, the audit log.</summary>
    /// <exception cref="Core.AnnException">A file cannot be read or used.</exception>
    public static void OpenAccess(this WebApplication app)
    {
        ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        AuditFile audit = app.Services.GetRequiredService<AuditFile>();
        audit.Open();
        if (audit.IsOn)
            app.Services.GetRequiredService<WatchedFiles>().Told = audit.WriteReload;
        ServerTls tls = app.Services.GetRequiredService<ServerTls>();
        tls.Tell(app.Services.GetRequiredService<ServerMetrics>().Meter);
        if (tls.IsOn)
            tls.Open();
        if (options.AuthenticatesCallers())
            OpenCredentials(app.Services, takesTokens: options.JwtIssuer.Length > 0);
    }

    /// <summary>Asks callers who they are, where the server does; before anything of a call is read.</summary>
    public static void UseAccess(this IApplicationBuilder app)
    {
        if (!app.ApplicationServices.GetRequiredService<IOptions<ServerOptions>>().Value.AuthenticatesCallers())
            return;
        app.UseAuthentication();
        app.UseAuthorization();
    }

    // From here on each method names types of assemblies that a server without its feature must not load: not inlined.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddCallers(IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<Credentials>();
        services.AddSingleton<OwnCaller>();
        services.AddSingleton<StandingCredential>();
        services.AddSingleton<AccessInterceptor>();
        services.Configure<GrpcServiceOptions>(static grpc => grpc.Interceptors.Add<AccessInterceptor>());
        services.AddAuthorization(authorization => AccessPolicies.AddTo(authorization, options));
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusedRoute>();
        bool takesTokens = options.JwtIssuer.Length > 0;
        bool takesCertificates = options.ClientCaFile.Length > 0;
        // Not AddAuthentication, which brings data protection along: that writes keys of its own to the disk, for cookies.
        services.AddAuthenticationCore(static authentication => authentication.DefaultScheme = AccessSchemes.ApiKey).AddWebEncoders();
        services.AddSingleton<IAuthenticationConfigurationProvider, NoOtherSettings>();
        AuthenticationBuilder schemes = new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(AccessSchemes.ApiKey, scheme =>
                scheme.ForwardDefaultSelector = AccessSchemes.Choose(takesTokens, takesCertificates));
        if (takesTokens)
            AddTokens(schemes);
        if (takesCertificates)
            AddCertificates(schemes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OpenCredentials(IServiceProvider parts, bool takesTokens)
    {
        parts.GetRequiredService<Credentials>().Open();
        if (takesTokens)
            OpenTokens(parts);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OpenTokens(IServiceProvider parts) => parts.GetRequiredService<TokenAccess>().Open();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTokens(AuthenticationBuilder schemes)
    {
        schemes.Services.AddSingleton<TokenAccess>();
        schemes.Services.AddSingleton<IConfigureOptions<JwtBearerOptions>>(static parts => parts.GetRequiredService<TokenAccess>());
        schemes.AddJwtBearer();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddCertificates(AuthenticationBuilder schemes)
    {
        schemes.AddCertificate();
        schemes.Services.AddSingleton<ICertificateValidationCache, CertificateAccess>();
    }

    /// <summary>The platform's schemes would take settings from places that ours are not in.</summary>
    private sealed class NoOtherSettings : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
