using Ann.Core;

namespace Ann.Tool.Remote;

/// <summary>Reads <c>--address</c>.</summary>
internal static class ServerAddress
{
    private const string Plain = "http://";

    /// <summary>The server that a text names: a URL with http or https, or HOST:PORT, which is without TLS.</summary>
    /// <exception cref="AnnException">InvalidArgument: neither.</exception>
    public static Uri Parse(string text)
    {
        bool hasScheme = text.Contains("://", StringComparison.Ordinal);
        // Without a scheme the port must be there: a mere word is more likely a mistake than a host with port 80.
        if (Uri.TryCreate(hasScheme ? text : Plain + text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            && uri.PathAndQuery == "/" && uri.Host.Length > 0 && (hasScheme || text.EndsWith($":{uri.Port}", StringComparison.Ordinal)))
        {
            return uri;
        }
        throw AnnException.Invalid("--address", $"--address is '{text}'; expected HOST:PORT or http://HOST:PORT.");
    }
}
