using System.Net.Sockets;

namespace Ann.Tool;

/// <summary>
/// Who started the process and wants to hear how it gets on: systemd, for units of <c>Type=notify</c> (sd_notify(3)). Nobody, where the
/// environment names no socket.
/// </summary>
/// <param name="socket">A datagram socket: its path, or after an @ its abstract name. Null for nobody.</param>
internal sealed class Supervisor(string? socket)
{
    /// <summary>Environment variable with the socket.</summary>
    public const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>Says that the server serves, or that it is stopping. One that does not listen does not hinder it.</summary>
    public void Tell(bool isServing)
    {
        if (string.IsNullOrEmpty(socket))
            return;
        string path = socket[0] == '@' ? '\0' + socket[1..] : socket;
        try
        {
            using Socket sender = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            sender.Connect(new UnixDomainSocketEndPoint(path));
            sender.Send(isServing ? "READY=1"u8 : "STOPPING=1"u8);
        }
        catch (SocketException)
        {
            // It waits for its own time.
        }
    }
}
