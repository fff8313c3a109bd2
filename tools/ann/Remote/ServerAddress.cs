using Ann.Client.Connecting;
using Ann.Core;

namespace Ann.Tool.Remote;

/// <summary>Reads <c>--address</c>.</summary>
internal static class ServerAddress
{
    private const string Separator = "://";

    /// <summary>The server that a text names, as the client has it: HOST:PORT gets its scheme.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="isEncrypted">True where HOST:PORT is with TLS.</param>
    /// <param name="option">Named by the error.</param>
    /// <exception cref="AnnException">InvalidArgument: none of what the client takes.</exception>
    public static string Parse(string text, bool isEncrypted = false, string option = "--address")
    {
        bool hasScheme = text.Contains(Separator, StringComparison.Ordinal);
        string url = hasScheme ? text : (isEncrypted ? Uri.UriSchemeHttps : Uri.UriSchemeHttp) + Separator + text;
        if (ServerAddresses.FaultOf(url, useTls: false) is not null)
            throw Fault(option, text);
        if (ServerAddresses.SocketOf(url) is not null || ServerAddresses.IsBalanced(url))
            return url;
        Uri uri = new(url);
        // Without a scheme the port must be there: a mere word is more likely a mistake than a host with port 80.
        return hasScheme || text.EndsWith($":{uri.Port}", StringComparison.Ordinal)
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw Fault(option, text);
    }

    private static AnnException Fault(string option, string text) => AnnException.Invalid(
        option, $"{option} is '{text}'; expected HOST:PORT, http://HOST:PORT, https://HOST:PORT, unix:///PATH, dns:///HOST:PORT or "
        + "static:///HOST:PORT,HOST:PORT.");
}
