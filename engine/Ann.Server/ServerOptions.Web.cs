using System.ComponentModel.DataAnnotations;

namespace Ann.Server;

/// <content>Of REST and the console.</content>
public sealed partial class ServerOptions
{
    private const string Web = "Web";

    /// <summary>
    /// Serve the console, a web page that shows and leads the server, at <see cref="WebListen"/>; and REST, which it uses. Default: false.
    /// </summary>
    [Setting("--console", "Serve the console, a web page, and REST.", Group = Web)]
    public bool Console { get; set; }

    /// <summary>Answer the calls as JSON over HTTP, too, at <see cref="WebListen"/>. Default: false.</summary>
    [Setting("--rest", "Answer calls as JSON over HTTP too.", Group = Web)]
    public bool Rest { get; set; }

    /// <summary>
    /// Where console and REST listen: address and port, as <see cref="Listen"/>. Nothing listens there unless one of them is served.
    /// Default: <c>127.0.0.1:50080</c>.
    /// </summary>
    [Required]
    [Setting("--web-listen", "Address and port of console and REST.", Form = "address:port", ValueName = "HOST:PORT", Group = Web)]
    public string WebListen { get; set; } = "127.0.0.1:50080";

    /// <summary>
    /// Names by which console and REST may be reached, beside addresses and <c>localhost</c>: a name that is not told could be another
    /// site's that was made to lead here. Default: none.
    /// </summary>
    [Setting("--web-name", "Name by which console and REST may be reached, as ann.example.org. May be repeated.",
        ValueName = "NAME", Group = Web)]
    public IList<string> WebNames { get; } = [];

    /// <summary>True where anything is served at <see cref="WebListen"/>.</summary>
    internal bool ServesWeb => Console || Rest;
}
