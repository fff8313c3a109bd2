using Ann.Core;

namespace Ann.Tool.Remote;

/// <summary>Reads <c>--address</c>.</summary>
internal static class ServerAddress
{
    private const string Plain = "http://";
    private const string Encrypted = "https://";

    /// <summary>The server that a text names: a URL with http or https, or HOST:PORT.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="isEncrypted">True where HOST:PORT is with TLS.</param>
    /// <param name="option">Named by the error.</param>
    /// <exception cref="AnnException">InvalidArgument: neither.</exception>
    public static Uri Parse(string text, bool isEncrypted = false, string option = "--address")
    {
        bool hasScheme = text.Contains("://", StringComparison.Ordinal);
        // Without a scheme the port must be there: a mere word is more likely a mistake than a host with port 80.
        string url = hasScheme ? text : (isEncrypted ? Encrypted : Plain) + text;
        if (Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            && uri.PathAndQuery == "/" && uri.Host.Length > 0 && (hasScheme || text.EndsWith($":{uri.Port}", StringComparison.Ordinal)))
        {
            return uri;
        }
        throw AnnException.Invalid(option, $"{option} is '{text}'; expected HOST:PORT, http://HOST:PORT or https://HOST:PORT.");
    }
}
