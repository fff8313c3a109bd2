using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ann.Server.Transport;

/// <summary>
/// What the server shows itself when it calls its own port: a key and a certificate that are made at its start, are in its memory alone,
/// and end with it.
/// </summary>
internal sealed class OwnIdentity : IDisposable
{
    /// <summary>What the key begins with.</summary>
    public const string Prefix = "annown_";

    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    private readonly Lazy<X509Certificate2> _certificate;

    public OwnIdentity(TimeProvider time)
    {
        Key = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _certificate = new Lazy<X509Certificate2>(() =>
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            CertificateRequest request = new("CN=the server itself", key, HashAlgorithmName.SHA256);
            DateTimeOffset now = time.GetUtcNow();
            return request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Life);
        });
    }

    /// <summary>Shown as any key is.</summary>
    public string Key { get; }

    /// <summary>Shown where connections need one.</summary>
    public X509Certificate2 Certificate => _certificate.Value;

    /// <summary>True for the certificate.</summary>
    public bool Is(X509Certificate certificate) =>
        _certificate.IsValueCreated && certificate.GetRawCertData().AsSpan().SequenceEqual(_certificate.Value.RawDataMemory.Span);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_certificate.IsValueCreated)
            _certificate.Value.Dispose();
    }
}
