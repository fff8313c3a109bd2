using System.Net;

namespace Ann.Client.Connecting;

/// <summary>Reads <see cref="AnnClientOptions.Address"/>.</summary>
internal static class ServerAddresses
{
    private const string Unix = "unix://";
    private const string Dns = "dns:///";
    private const string Static = "static:///";

    /// <summary>Path of the socket that an address names; null when it names none.</summary>
    public static string? SocketOf(string address) =>
        address.StartsWith(Unix, StringComparison.Ordinal) ? address[Unix.Length..] : null;

    /// <summary>The servers of a static list; null when the address is none.</summary>
    public static DnsEndPoint[]? ListOf(string address) => address.StartsWith(Static, StringComparison.Ordinal)
        ? [.. address[Static.Length..].Split(',').Select(static one => EndPointOf(one)!)]
        : null;

    /// <summary>Whether an address is one of several servers, which are asked in turn.</summary>
    public static bool IsBalanced(string address) =>
        address.StartsWith(Dns, StringComparison.Ordinal) || address.StartsWith(Static, StringComparison.Ordinal);

    /// <summary>Whether calls are encrypted.</summary>
    public static bool IsEncrypted(string address, bool useTls) =>
        address.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || (useTls && IsBalanced(address));

    /// <summary>Whether nobody on the way can read what is sent: it is encrypted, or does not leave this machine.</summary>
    public static bool KeepsSecrets(string address, bool useTls) =>
        IsEncrypted(address, useTls) || SocketOf(address) is not null
        || (ListOf(address) is { } list
            ? list.All(static one => IPAddress.TryParse(one.Host, out IPAddress? ip) ? IPAddress.IsLoopback(ip) : one.Host == "localhost")
            : !IsBalanced(address) && new Uri(address).IsLoopback);

    /// <summary>What is wrong with an address; null when nothing is.</summary>
    public static string? FaultOf(string address, bool useTls)
    {
        if (SocketOf(address) is { } path)
            return path.StartsWith('/') && path.Length > 1 ? null : Fault(address, "of a socket the whole path was expected");
        if (address.StartsWith(Static, StringComparison.Ordinal))
        {
            string? bad = address[Static.Length..].Split(',').FirstOrDefault(static one => EndPointOf(one) is null);
            return bad is null ? null : Fault(address, $"'{bad}' is no HOST:PORT");
        }
        if (address.StartsWith(Dns, StringComparison.Ordinal))
            return EndPointOf(address[Dns.Length..]) is null ? Fault(address, "HOST:PORT was expected after dns:///") : null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            return Fault(address, "http:// or https://HOST:PORT, unix:///PATH, dns:///HOST:PORT or static:///HOST:PORT,… was expected");
        return useTls && uri.Scheme == "http" ? Fault(address, "with UseTls https:// was expected") : null;
    }

    private static DnsEndPoint? EndPointOf(string text) =>
        Uri.TryCreate($"http://{text}", UriKind.Absolute, out Uri? uri) && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0
        && text.EndsWith($":{uri.Port}", StringComparison.Ordinal)
            ? new DnsEndPoint(uri.Host.Trim('[', ']'), uri.Port)
            : null;

    private static string Fault(string address, string why) => $"{nameof(AnnClientOptions.Address)} is '{address}'; {why}.";
}
