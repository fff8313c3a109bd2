using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ann.Tests.Server.Access;

/// <summary>The site of an identity provider: its key set, and its OpenID configuration.</summary>
internal sealed class KeySite(WebApplication app) : IAsyncDisposable
{
    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<KeySite> StartAsync(string keys)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        KeySite site = new(app);
        app.Run(async context => await context.Response.WriteAsync(
            context.Request.Path == "/keys"
                ? keys
                : $$"""{"issuer":"{{TestIssuer.Name}}","jwks_uri":"{{site.Address}}/keys"}"""));
        await app.StartAsync();
        return site;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
