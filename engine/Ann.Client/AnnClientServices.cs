using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ann.Client;

/// <summary>Clients of AnnServer as services.</summary>
public static class AnnClientServices
{
    /// <summary>
    /// Adds one client, which lives as long as the services. Its options are checked when it is first asked for, and at the start where
    /// <c>ValidateOnStart</c> is called on what is returned.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="configure">Sets the options.</param>
    public static OptionsBuilder<AnnClientOptions> AddAnnClient(this IServiceCollection services, Action<AnnClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(static provider =>
            new AnnClient(provider.GetRequiredService<IOptions<AnnClientOptions>>().Value));
        return Configure(services, Options.DefaultName, configure);
    }

    /// <summary>Adds a client by a name, as a keyed service: <c>[FromKeyedServices("name")] AnnClient client</c>.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="configure">Sets the options.</param>
    public static OptionsBuilder<AnnClientOptions> AddAnnClient(
        this IServiceCollection services, string name, Action<AnnClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.AddKeyedSingleton(name, (provider, _) =>
            new AnnClient(provider.GetRequiredService<IOptionsMonitor<AnnClientOptions>>().Get(name)));
        return Configure(services, name, configure);
    }

    private static OptionsBuilder<AnnClientOptions> Configure(
        IServiceCollection services, string name, Action<AnnClientOptions> configure)
    {
        services.AddOptions();
        services.AddSingleton<IValidateOptions<AnnClientOptions>>(new Check(name));
        return new OptionsBuilder<AnnClientOptions>(services, name).Configure(configure);
    }

    private sealed class Check(string of) : IValidateOptions<AnnClientOptions>
    {
        public ValidateOptionsResult Validate(string? name, AnnClientOptions options)
        {
            if (name != of)
                return ValidateOptionsResult.Skip;
            string[] faults = [.. options.Validate()];
            return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
