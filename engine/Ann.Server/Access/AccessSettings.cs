using System.Net;

namespace Ann.Server.Access;

/// <summary>How the settings of access fit together, and with the address that is listened on.</summary>
internal static class AccessSettings
{
    /// <summary>What cannot be used: a sentence each.</summary>
    public static IEnumerable<string> Faults(ServerOptions options)
    {
        bool hasTls = options.TlsCertificateFile.Length > 0;
        if (options.TlsKeyFile.Length > 0 && !hasTls)
            yield return "TlsKeyFile is set and TlsCertificateFile is not; a key goes with its certificate.";
        if (options.TlsPassword.Length > 0 && !hasTls)
            yield return "TlsPassword is set and TlsCertificateFile is not; a password goes with its certificate.";
        if (options.ClientCaFile.Length > 0 && !hasTls)
            yield return "ClientCaFile is set and TlsCertificateFile is not; certificates are shown over TLS alone.";
        if (options.RequireClientCertificate && options.ClientCaFile.Length == 0)
            yield return "RequireClientCertificate is set and ClientCaFile is not; it tells whose certificates are good.";
        if (options.GrantsFile.Length > 0 && options.ClientCaFile.Length == 0 && options.JwtIssuer.Length == 0)
            yield return "GrantsFile is set, and neither ClientCaFile nor JwtIssuer is; it gives roles to certificates and tokens.";
        string[] missing = [.. new[]
        {
            (nameof(options.JwtIssuer), options.JwtIssuer), (nameof(options.JwtAudience), options.JwtAudience),
            (nameof(options.JwtKeys), options.JwtKeys),
        }.Where(static one => one.Item2.Length == 0).Select(static one => one.Item1)];
        if (missing.Length is 1 or 2)
            yield return $"Tokens take JwtIssuer, JwtAudience and JwtKeys together; not set: {string.Join(", ", missing)}.";
        if (Uri.TryCreate(options.JwtKeys, UriKind.Absolute, out Uri? address) && !address.IsFile
            && address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        {
            yield return $"JwtKeys is '{options.JwtKeys}'; it must be a file or an https address: keys that can be changed on the way "
                + "prove nothing.";
        }
    }

    /// <summary>Why an address must not be listened on; null for nothing. Of every port that the server opens.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="setting">That names the address.</param>
    /// <param name="endpoint">The address.</param>
    public static string? OpenFault(ServerOptions options, string setting, IPEndPoint endpoint)
    {
        if (IPAddress.IsLoopback(endpoint.Address) || options.InsecureListen || Missing(options) is not { } missing)
            return null;
        return $"{setting} is {endpoint}, which other machines reach, without {missing}. Set what is missing, listen on 127.0.0.1, or say "
            + "--insecure-listen (InsecureListen) to let everybody in who reaches the port.";
    }

    /// <summary>What other machines would find missing, with the settings that bring it; null for nothing.</summary>
    public static string? Missing(ServerOptions options)
    {
        string? encryption = options.TlsCertificateFile.Length > 0 ? null : "encryption (TlsCertificateFile)";
        string? authentication = options.AuthenticatesCallers() ? null : "authentication (ApiKeyFile, JwtIssuer or ClientCaFile)";
        return encryption is null || authentication is null ? encryption ?? authentication : $"{encryption} and {authentication}";
    }
}
