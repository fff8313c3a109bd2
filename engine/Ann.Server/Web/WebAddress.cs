using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ann.Server.Web;

/// <summary>Where console and REST listen.</summary>
internal sealed class WebAddress
{
    /// <summary>Known once the port is to be opened; its own port once it is open.</summary>
    public ListenOptions? Listens { get; set; }

    /// <summary>Such as <c>http://127.0.0.1:50080</c>; null before.</summary>
    public string? Now => Listens?.ToString();
}
