namespace Ann.Server.Access;

/// <summary>Where a call comes from, as records tell it.</summary>
internal static class CallerAddress
{
    /// <summary>Of the server's Unix domain socket, whose callers have no address: they are of the same machine.</summary>
    public const string LocalSocket = "socket";

    /// <summary>Address of the other end of the connection.</summary>
    public static string Of(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? LocalSocket;
}
