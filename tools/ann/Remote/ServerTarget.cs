using System.Security.Cryptography.X509Certificates;
using Ann.Client;
using Ann.Core;
using Ann.Server.Transport;

namespace Ann.Tool.Remote;

/// <summary>A server, and what it takes to be let in: the one place where clients of servers are made.</summary>
internal sealed record ServerTarget
{
    /// <summary>As <see cref="AnnClientOptions.Address"/>.</summary>
    public required string Address { get; init; }

    /// <summary>As <see cref="AnnClientOptions.UseTls"/>.</summary>
    public bool UseTls { get; init; }

    /// <summary>API key or token that is shown with each call; null for none.</summary>
    public string? Bearer { get; init; }

    /// <summary>Who issued the server's certificate; null for those whom the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The very certificate that the server must show, whatever names it has; null for one that authorities vouch for.</summary>
    public X509Certificate2? Shown { get; init; }

    /// <summary>Certificate that is shown to the server; null for none.</summary>
    public CertificateChain? Certificate { get; init; }

    /// <summary>A server that asks for nothing.</summary>
    /// <exception cref="AnnException">InvalidArgument: no such address.</exception>
    public static ServerTarget Plain(string address) => new() { Address = ServerAddress.Parse(address) };

    /// <summary>What a client of it is made with.</summary>
    public AnnClientOptions Options() => new()
    {
        Address = Address,
        UseTls = UseTls,
        ApiKey = Bearer,
        Authorities = Authorities,
        ServerCertificate = Shown,
        ClientCertificate = Certificate?.Certificate,
        ClientCertificateIssuers = Certificate?.Others,
    };

    /// <summary>What a client of it is made with that measures: it asks once, over so many connections and no more.</summary>
    /// <param name="connections">HTTP/2 connections.</param>
    public AnnClientOptions Measuring(int connections)
    {
        AnnClientOptions options = Options();
        options.MaxAttempts = 1;
        options.Connections = connections;
        options.HasFixedConnections = true;
        return options;
    }

    /// <summary>Nothing of it is a secret but the bearer, which is not told.</summary>
    public override string ToString() => Address;
}
