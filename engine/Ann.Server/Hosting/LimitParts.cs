using Ann.Core.Indexes;
using Ann.Server.Access;
using Ann.Server.Admission;
using Ann.Server.Limits;
using Ann.Server.Reloading;
using Ann.Server.Telemetry;
using Grpc.AspNetCore.Server;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>
/// Puts together what one caller may take beside others. Nothing of the limits is in the way of calls where there is no file of them.
/// </summary>
internal static class LimitParts
{
    /// <summary>Who makes calls: by the credential, where callers are asked for one.</summary>
    public static CallerBook Callers(ServerOptions options, TimeProvider time)
    {
        const string Itself = $"server:{OwnCaller.Name}";
        return options.AuthenticatesCallers()
            ? new CallerBook(static context => AccessIdentity.Of(context)?.Shown, Itself, time)
            : new CallerBook(null, Itself, time);
    }

    /// <summary>Adds what holds calls against limits. To be called after what checks who may do what.</summary>
    public static void AddLimits(this IServiceCollection services, ServerOptions options)
    {
        if (options.LimitsFile.Length == 0)
            return;
        services.AddSingleton<LimitInterceptor>();
        services.Configure<GrpcServiceOptions>(static grpc => grpc.Interceptors.Add<LimitInterceptor>());
    }

    /// <summary>Reads the file of limits, now and whenever it changes.</summary>
    /// <exception cref="Core.AnnException">It cannot be read or used.</exception>
    public static void OpenLimits(this WebApplication app)
    {
        string path = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.LimitsFile;
        if (path.Length == 0)
            return;
        CallerBook callers = app.Services.GetRequiredService<CallerBook>();
        IndexCatalog catalog = app.Services.GetRequiredService<IndexCatalog>();
        LimitWorld world = new(
            app.Services.GetRequiredService<TimeProvider>(), app.Services.GetRequiredService<ServerMetrics>(),
            name => catalog.Indexes.Any(index => index.Name == name));
        app.Services.GetRequiredService<WatchedFiles>().Add(
            "The list of limits", [path], contents => callers.Rules = new LimitRules(LimitsFile.Parse(path, contents[0]), world));
    }
}
