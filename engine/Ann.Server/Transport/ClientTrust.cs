using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ann.Server.Reloading;
using Microsoft.Extensions.Options;

namespace Ann.Server.Transport;

/// <summary>Which certificates of callers are good: those that <see cref="ServerOptions.ClientCaFile"/> issued.</summary>
/// <remarks>
/// They are looked at in the handshake, with a policy that fetches nothing from the addresses a certificate names. One that is not good
/// ends the connection where one is required; elsewhere the call is refused, as the caller may have a key as well.
/// </remarks>
internal sealed class ClientTrust(IOptions<ServerOptions> options, OwnIdentity own, WatchedFiles files, TimeProvider time)
{
    /// <summary>For what a certificate of a caller must have been issued, where it says for what.</summary>
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly ConditionalWeakTable<X509Certificate, Seen> _good = [];
    private volatile X509Certificate2Collection _issuers = [];

    /// <summary>True where callers are asked for a certificate.</summary>
    public bool IsOn => options.Value.ClientCaFile.Length > 0;

    /// <summary>Called when the issuers are others.</summary>
    public Action? Changed { get; set; }

    /// <summary>Reads the file.</summary>
    /// <exception cref="Core.AnnException">It cannot be read or used.</exception>
    public void Open()
    {
        string path = options.Value.ClientCaFile;
        files.Add("The list of those who issue certificates to callers", [path], contents =>
        {
            _issuers = CertificateFiles.ReadAll(path, contents[0]);
            Changed?.Invoke();
        });
    }

    /// <summary>How a handshake looks at a caller's certificate.</summary>
    public X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            ApplicationPolicy = { ClientAuthentication },
        };
        foreach (X509Certificate2 issuer in _issuers)
            (IsRoot(issuer) ? policy.CustomTrustStore : policy.ExtraStore).Add(issuer);
        return policy;
    }

    /// <summary>Looks at a caller's certificate in a handshake.</summary>
    /// <param name="certificate">It; null where none was shown.</param>
    /// <param name="chain">What the handshake made of it by <see cref="Policy"/>.</param>
    /// <param name="errors">What it found.</param>
    /// <returns>False to end the connection.</returns>
    public bool Accepts(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        bool isRequired = options.Value.RequireClientCertificate;
        if (certificate is not X509Certificate2 shown)
            return !isRequired;
        if (own.Is(shown))
            return true;
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return !isRequired;
        byte[][] sent = [.. chain?.ChainPolicy.ExtraStore.Select(static one => one.RawData) ?? []];
        _good.AddOrUpdate(shown, new Seen(_issuers, sent, shown.NotAfter.ToUniversalTime()));
        return true;
    }

    /// <summary>
    /// True for a certificate that a handshake found to be good, and that still is: it has not ended, and today's issuers vouch for it.
    /// </summary>
    public bool IsGood(X509Certificate2 certificate)
    {
        if (!_good.TryGetValue(certificate, out Seen? seen) || time.GetUtcNow() > seen.End)
            return false;
        X509Certificate2Collection issuers = _issuers;
        if (ReferenceEquals(seen.Issuers, issuers))
            return true;
        using X509Chain chain = new() { ChainPolicy = Policy() };
        foreach (byte[] sent in seen.Sent)
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(sent));
        if (!chain.Build(certificate))
            return false;
        _good.AddOrUpdate(certificate, seen with { Issuers = issuers });
        return true;
    }

    private static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    /// <summary>What a handshake found to be good.</summary>
    /// <param name="Issuers">Who vouched for it.</param>
    /// <param name="Sent">What was sent along to show that.</param>
    /// <param name="End">When it ends.</param>
    private sealed record Seen(X509Certificate2Collection Issuers, byte[][] Sent, DateTimeOffset End);
}
