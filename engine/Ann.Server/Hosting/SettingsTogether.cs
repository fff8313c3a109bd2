using Ann.Core;
using Ann.Server.Access;
using Ann.Server.Settings;
using Ann.Server.Transport;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>What the attributes of the settings cannot say: what an address is, and how two settings fit together.</summary>
internal sealed class SettingsTogether : IValidateOptions<ServerOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        string[] faults = [.. Faults(options)];
        return faults.Length > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Faults(ServerOptions options)
    {
        if (options.Listen.Length > 0 && ListenFault(options, nameof(options.Listen), options.Listen) is string fault)
            yield return fault;
        if (options.OpsListen.Length > 0 && ListenFault(options, nameof(options.OpsListen), options.OpsListen) is string opsFault)
            yield return opsFault;
        foreach (string access in AccessSettings.Faults(options))
            yield return access;
        foreach (string socket in LocalSocket.Faults(options))
            yield return socket;
        if (options.OtlpEndpoint.Length > 0
            && !(Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out Uri? collector) && collector.Scheme is "http" or "https"))
        {
            yield return $"OtlpEndpoint is '{options.OtlpEndpoint}'; it must be a URL, such as http://127.0.0.1:4317.";
        }
        if (options.WebListen.Length > 0 && ListenFault(options, nameof(options.WebListen), options.WebListen) is string webFault)
            yield return webFault;
        if (options.SnapshotDirectory.Length > 0 && options.DataDirectory.Length > 0
            && Whole(options.SnapshotDirectory) == Whole(options.DataDirectory))
        {
            yield return
                $"SnapshotDirectory is {options.SnapshotDirectory}, the DataDirectory too; snapshots there would be hosted as indexes.";
        }
    }

    private static string? ListenFault(ServerOptions options, string setting, string text)
    {
        try
        {
            return AccessSettings.OpenFault(options, setting, ListenAddress.Parse(text, setting));
        }
        catch (AnnException e)
        {
            return e.Message;
        }
    }

    private static string Whole(string directory) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
}

/// <summary>Compile-time generated from the attributes of the settings.</summary>
[OptionsValidator]
internal sealed partial class SettingRanges : IValidateOptions<ServerOptions>;
