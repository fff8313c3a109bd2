using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ann.Core;

namespace Ann.Server.Transport;

/// <summary>Reads certificates and their keys: PEM, or PFX (PKCS #12).</summary>
internal static class CertificateFiles
{
    /// <summary>A certificate with its key, and the ones that vouch for it.</summary>
    /// <param name="path">Name of the certificate's file, for errors.</param>
    /// <param name="certificate">Its content: PEM, the certificate first; or PFX.</param>
    /// <param name="key">Content of the key's file, PEM; null where the certificate's file has the key too.</param>
    /// <param name="password">Of the key; empty for none.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file. The password is not told.</exception>
    public static CertificateChain ReadWithKey(string path, byte[] certificate, byte[]? key, string password)
    {
        try
        {
            X509Certificate2Collection all;
            X509Certificate2 own;
            if (IsPem(certificate))
            {
                string text = System.Text.Encoding.UTF8.GetString(certificate);
                string keyText = key is null ? text : System.Text.Encoding.UTF8.GetString(key);
                own = password.Length > 0
                    ? X509Certificate2.CreateFromEncryptedPem(text, keyText, password)
                    : X509Certificate2.CreateFromPem(text, keyText);
                all = [];
                all.ImportFromPem(text);
            }
            else
            {
                all = X509CertificateLoader.LoadPkcs12Collection(certificate, password);
                own = all.FirstOrDefault(static one => one.HasPrivateKey)
                    ?? throw AnnException.BadInput(path, "", "it holds no private key.");
            }
            X509Certificate2Collection others = [.. all.Where(one => !one.RawDataMemory.Span.SequenceEqual(own.RawDataMemory.Span))];
            return new CertificateChain(ForHandshakes(own), others);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw AnnException.BadInput(
                path, "", $"it holds no certificate that can be used with its key and password: {e.Message}", e);
        }
    }

    /// <summary>Certificates of a PEM file.</summary>
    /// <exception cref="AnnException">InvalidArgument: it holds none; names the file.</exception>
    public static X509Certificate2Collection ReadAll(string path, byte[] content)
    {
        X509Certificate2Collection all = [];
        try
        {
            all.ImportFromPem(System.Text.Encoding.UTF8.GetString(content));
        }
        catch (CryptographicException e)
        {
            throw AnnException.BadInput(path, "", $"it holds no certificates in PEM: {e.Message}", e);
        }
        return all.Count > 0 ? all : throw AnnException.BadInput(path, "", "it holds no certificate in PEM.");
    }

    private static bool IsPem(byte[] content) => content.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    /// <summary>Windows takes no key for handshakes that lies in memory alone.</summary>
    private static X509Certificate2 ForHandshakes(X509Certificate2 certificate) => OperatingSystem.IsWindows()
        ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null)
        : certificate;
}

/// <summary>A certificate, and what it is sent with.</summary>
/// <param name="Certificate">With its private key.</param>
/// <param name="Others">The ones that vouch for it.</param>
internal sealed record CertificateChain(X509Certificate2 Certificate, X509Certificate2Collection Others);
