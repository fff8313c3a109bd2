using System.Net;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Server.Transport;

namespace Ann.Tool.Remote;

/// <summary>The server of this machine that has certain settings, seen from this machine.</summary>
internal static class OwnServer
{
    private const int MostBytes = 1 << 20;

    /// <summary>How to reach it.</summary>
    /// <param name="tool">Reads the files.</param>
    /// <param name="file">Its settings file; the environment goes before it, as for the server.</param>
    /// <param name="given">What is shown to it: key and certificate of the caller.</param>
    /// <exception cref="AnnException">The settings could not be used by a server, or the certificate is not PEM.</exception>
    public static ServerTarget Of(ToolContext tool, string file, ServerTarget given)
    {
        ServerOptions options = EffectiveSettings.Options(
            new SettingInputs { File = file, EnvironmentPrefix = tool.SettingsPrefix }, tool.Files);
        string certificate = options.TlsCertificateFile;
        bool isEncrypted = certificate.Length > 0;
        IPEndPoint port = ListenAddress.Parse(options.Listen);
        if (port.Address.Equals(IPAddress.Any) || port.Address.Equals(IPAddress.IPv6Any))
            port.Address = port.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        return given with
        {
            Address = $"{(isEncrypted ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{port}",
            Shown = isEncrypted
                ? CertificateFiles.ReadAll(certificate, WholeFile.Read(tool.Files, certificate, "file", MostBytes))[0]
                : null,
        };
    }
}
