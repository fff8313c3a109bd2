using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ann.Core;
using Ann.Core.Files;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Ann.Server.Transport;

/// <summary>The Unix domain socket of <see cref="ServerOptions.SocketFile"/>.</summary>
/// <remarks>Its connections have a limit of their own, as large as that of the port. The platform removes the file at the end.</remarks>
internal static class LocalSocket
{
    private const UnixFileMode Most = (UnixFileMode)0x1FF;

    /// <summary>What cannot be used: a sentence each.</summary>
    public static IEnumerable<string> Faults(ServerOptions options)
    {
        if (options.SocketMode.Length > 0 && ModeOf(options) is null)
            yield return $"SocketMode is '{options.SocketMode}'; permissions were expected, octal, such as 660.";
        if (options.SocketFile.Length == 0)
            yield break;
        if (OperatingSystem.IsWindows())
            yield return "SocketFile is set; this system has no permissions that would guard a socket.";
        else if (PathFault(options) is { } fault)
            yield return fault;
        if (options.RequireClientCertificate)
            yield return "SocketFile and RequireClientCertificate are set; connections of the socket show no certificate.";
        else if (options.ClientCaFile.Length > 0 && options.ApiKeyFile.Length == 0 && options.JwtIssuer.Length == 0)
        {
            yield return "SocketFile is set, and callers have certificates alone (ClientCaFile), which connections of the socket do not "
                + "show; set ApiKeyFile or JwtIssuer too.";
        }
    }

    /// <summary>The whole path.</summary>
    public static string PathOf(ServerOptions options) => Path.GetFullPath(options.SocketFile);

    /// <summary>Binds what the server listens on: <see cref="Bind"/> for a socket, as the platform does for all else.</summary>
    public static Func<EndPoint, Socket> BinderOf(ServerOptions options) => endpoint => endpoint is UnixDomainSocketEndPoint
        ? Bind(PathOf(options), ModeOf(options)!.Value)
        : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

    /// <summary>Makes the socket. Nobody can connect before its permissions are what they should be.</summary>
    /// <exception cref="AnnException">The path cannot be used, or is in use.</exception>
    private static Socket Bind(string path, UnixFileMode mode)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            RemoveStale(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
                _ = new FileInfo(path) { UnixFileMode = mode };
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException or IOException or UnauthorizedAccessException)
                throw Refusal($"SocketFile: cannot listen on {path}: {e.Message}");
            throw;
        }
    }

    /// <summary>Removes the socket of a server that ended without doing so.</summary>
    private static void RemoveStale(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists && !Directory.Exists(path))
            return;
        if (UnixFiles.IsSocket(path) != true)
            throw Refusal($"SocketFile is {path}, where something is that is no socket; it is left as it is. Name another path.");
        using Socket asking = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            asking.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            file.Delete();
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            // Somebody listens, and has more callers than it takes.
        }
        throw Refusal($"SocketFile is {path}, on which another process listens. Stop it, or name another path.");
    }

    private static UnixFileMode? ModeOf(ServerOptions options)
    {
        string text = options.SocketMode;
        if (text.Length is < 3 or > 4 || !text.All(static one => one is >= '0' and <= '7'))
            return null;
        UnixFileMode mode = (UnixFileMode)text.Aggregate(0, static (sum, one) => sum * 8 + (one - '0'));
        return mode <= Most ? mode : null;
    }

    private static string? PathFault(ServerOptions options)
    {
        try
        {
            _ = new UnixDomainSocketEndPoint(PathOf(options));
            return null;
        }
        catch (ArgumentException)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"SocketFile is '{options.SocketFile}', which is no path of a socket; the system takes some 100 bytes.");
        }
    }

    private static AnnException Refusal(string reason) => AnnException.Invalid(nameof(ServerOptions.SocketFile), reason);
}
