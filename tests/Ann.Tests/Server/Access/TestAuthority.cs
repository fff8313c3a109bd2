using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ann.Tests.Server.Access;

/// <summary>Issues certificates, as an operator's authority does.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset End = DateTimeOffset.UtcNow.AddDays(90);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string name)
    {
        CertificateRequest request = new($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(Begin, End);
    }

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem();

    /// <summary>A certificate of a server of this machine: certificate and key, PEM.</summary>
    public (string Certificate, string Key) Server(string name = "server") => Issue($"CN={name}", "1.3.6.1.5.5.7.3.1", static names =>
    {
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
    });

    /// <summary>A certificate of a caller.</summary>
    public (string Certificate, string Key) Client(string subject, string? dns = null, string? uri = null) =>
        Issue(subject, "1.3.6.1.5.5.7.3.2", names =>
        {
            names.AddDnsName(dns ?? "nobody.example");
            if (uri is not null)
                names.AddUri(new Uri(uri));
        });

    /// <summary>A certificate that nobody vouches for.</summary>
    public static (string Certificate, string Key) SelfSigned(string subject)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(Begin, End);
        return (made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private (string Certificate, string Key) Issue(string subject, string use, Action<SubjectAlternativeNameBuilder> name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        name(names);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        using X509Certificate2 made = request.Create(Certificate, Begin, End, RandomNumberGenerator.GetBytes(16));
        return (made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
