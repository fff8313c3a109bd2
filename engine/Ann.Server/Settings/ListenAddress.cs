using System.Globalization;
using System.Net;
using Ann.Core;

namespace Ann.Server.Settings;

/// <summary>Reads <see cref="ServerOptions.Listen"/> and settings like it.</summary>
internal static class ListenAddress
{
    /// <summary>The endpoint that <paramref name="text"/> names. <c>localhost</c> is the IPv4 loopback.</summary>
    /// <remarks>Not <see cref="IPEndPoint.Parse(string)"/>: that reads a bare port number as an IPv4 address with port 0.</remarks>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: not an address with a port.</exception>
    public static IPEndPoint Parse(string text, string setting = nameof(ServerOptions.Listen))
    {
        int colon = text.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            string host = text[..colon];
            if (host == "localhost")
                return new IPEndPoint(IPAddress.Loopback, port);
            bool bracketed = host.StartsWith('[') && host.EndsWith(']');
            char separator = bracketed ? ':' : '.';
            if (host.Contains(separator, StringComparison.Ordinal)
                && IPAddress.TryParse(bracketed ? host[1..^1] : host, out IPAddress? address))
            {
                return new IPEndPoint(address, port);
            }
        }
        throw AnnException.Invalid(
            setting, $"{setting} is '{text}', which is not an address and port, such as 127.0.0.1:50051 or [::1]:50051.");
    }
}
