using System.CommandLine;
using Ann.Client.Connecting;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Transport;

namespace Ann.Tool.Remote;

/// <summary>The options of every verb that calls a server: where it is, and what lets the verb in.</summary>
internal sealed class ConnectionOptions
{
    private const int MostBytes = 1 << 20;

    private readonly Option<string> _address;
    private readonly Option<string?> _apiKey = VerbOptions.Optional(
        "--api-key", "KEY|@FILE",
        "API key or token that the server wants; @FILE takes the first line of a file. Default: ANN_API_KEY. "
        + "As a plain value other users of the machine can read it in the list of processes.");

    private readonly Option<bool> _tls = new("--tls")
    {
        Description = "Encrypt where --address leaves that open: HOST:PORT, dns:///, static:///. Goes without saying with --ca or "
            + "--client-cert.",
    };

    private readonly Option<string?> _ca = VerbOptions.Optional(
        "--ca", "FILE", "Certificates of who issued the server's, PEM. Default: those whom the system trusts.");

    private readonly Option<string?> _certificate = VerbOptions.Optional(
        "--client-cert", "FILE", "Certificate to show to the server, PEM with its chain.");

    private readonly Option<string?> _key = VerbOptions.Optional(
        "--client-key", "FILE", "Its key, PEM. Default: the certificate's file has it.");

    /// <param name="aliases">Other names of <c>--address</c>.</param>
    public ConnectionOptions(params string[] aliases)
        : this(VerbOptions.Address())
    {
        foreach (string alias in aliases)
            _address.Aliases.Add(alias);
    }

    /// <param name="address">Which of the server's ports, and what its option is called.</param>
    public ConnectionOptions(Option<string> address) => _address = address;

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [_address, _apiKey, _tls, _ca, _certificate, _key];

    /// <summary>The server that a command line means.</summary>
    /// <exception cref="AnnException">InvalidArgument: an option cannot be used. NotFound: a file is not there.</exception>
    public ServerTarget Read(ToolContext tool, ParseResult parsed)
    {
        string? ca = parsed.GetValue(_ca);
        string? certificate = parsed.GetValue(_certificate);
        string? key = parsed.GetValue(_key);
        if (key is not null && certificate is null)
            throw AnnException.Invalid("--client-key", "--client-key goes with --client-cert.");
        bool isEncrypted = parsed.GetValue(_tls) || ca is not null || certificate is not null;
        string address = ServerAddress.Parse(parsed.GetRequiredValue(_address), isEncrypted, _address.Name);
        bool useTls = isEncrypted && ServerAddresses.IsBalanced(address);
        if (isEncrypted && !ServerAddresses.IsEncrypted(address, useTls))
            throw AnnException.Invalid(_address.Name, "--tls, --ca and --client-cert are for https addresses.");
        string? bearer = BearerOf(tool, parsed.GetValue(_apiKey));
        if (bearer is not null && !ServerAddresses.KeepsSecrets(address, useTls))
        {
            throw AnnException.Invalid(
                _address.Name, $"{_address.Name} is {address}, without encryption; an API key is sent there over https alone, since "
                + "anybody on the way could take it.");
        }
        return new ServerTarget
        {
            Address = address,
            UseTls = useTls,
            Bearer = bearer,
            Authorities = ca is null ? null : CertificateFiles.ReadAll(ca, Bytes(tool, ca)),
            Certificate = certificate is null
                ? null
                : CertificateFiles.ReadWithKey(
                    certificate, Bytes(tool, certificate), key is null ? null : Bytes(tool, key), password: ""),
        };
    }

    /// <summary>A connection to that server.</summary>
    /// <inheritdoc cref="Read"/>
    public ServerConnection Open(ToolContext tool, ParseResult parsed) => new(Read(tool, parsed));

    /// <summary>The key that was given, or the environment's.</summary>
    private static string? BearerOf(ToolContext tool, string? given)
    {
        (string name, string? text) = given is null ? (ToolContext.ApiKeyVariable, tool.ApiKey) : ("--api-key", given);
        return string.IsNullOrEmpty(text) && given is null ? null : ReadBearer(tool, name, text!);
    }

    /// <summary>A key as it was given, or the first line of the file that was. No message tells it.</summary>
    /// <param name="tool">Reads the file.</param>
    /// <param name="name">Where it was given, for messages.</param>
    /// <param name="text">What was given.</param>
    /// <exception cref="AnnException">InvalidArgument: it is none. NotFound: the file is not there.</exception>
    public static string ReadBearer(ToolContext tool, string name, string text)
    {
        if (text.StartsWith('@'))
        {
            string path = text[1..];
            using StringReader lines = new(System.Text.Encoding.UTF8.GetString(Bytes(tool, path)));
            (name, text) = (path, lines.ReadLine() ?? "");
        }
        text = text.Trim();
        return text.Length > 0 && text.All(static one => one is > ' ' and < '\u007f')
            ? text
            : throw AnnException.Invalid(name, $"{name} holds no API key or token: one word of ASCII was expected.");
    }

    private static byte[] Bytes(ToolContext tool, string path) => WholeFile.Read(tool.Files, path, "file", MostBytes);
}

/// <summary>Lets the options stand in the list of a verb's options.</summary>
internal static class ConnectionOptionsOfCommands
{
    /// <summary>Adds all of them.</summary>
    public static void Add(this Command command, ConnectionOptions connection)
    {
        foreach (Option option in connection.All)
            command.Add(option);
    }
}
