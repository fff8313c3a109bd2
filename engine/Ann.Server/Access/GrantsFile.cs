using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Server.Reloading;

namespace Ann.Server.Access;

/// <summary>Roles of certificates by their subject, and of words that tokens have in their role claim.</summary>
/// <param name="Version">1.</param>
/// <param name="Certificates">Subjects.</param>
/// <param name="Words">Words of tokens.</param>
internal sealed record GrantsFile(
    int Version, IReadOnlyList<SubjectGrants>? Certificates = null, IReadOnlyList<WordGrants>? Words = null) : IVersioned
{
    /// <summary>What is read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>A file that gives nobody anything.</summary>
    public static GrantsFile Empty { get; } = new(CurrentVersion);

    /// <summary>Reads the content of a file.</summary>
    /// <exception cref="AnnException">InvalidArgument: it holds something else; names file, place and what was expected.</exception>
    public static GrantsFile Parse(string path, byte[] content)
    {
        GrantsFile file = VersionedJson.Read(path, content, GrantsFileJson.Default.GrantsFile, CurrentVersion, "grants");
        if (file.Certificates?.Contains(null!) == true || file.Words?.Contains(null!) == true)
            throw AnnException.BadInput(path, "", "it has an entry that is null.");
        foreach (SubjectGrants one in file.Certificates ?? [])
        {
            if (new[] { one.Subject, one.Dns, one.Uri }.Count(static text => !string.IsNullOrEmpty(text)) != 1)
                throw AnnException.BadInput(path, "certificates", "each names one of subject, dns, uri.");
            Require(path, "certificates", one.Grants);
        }
        foreach (WordGrants one in file.Words ?? [])
            Require(path, $"word '{one.Word}'", one.Grants);
        return file;
    }

    /// <summary>What a certificate is called, and may do, by the first entry that it fits; without one its subject, and nothing.</summary>
    public AccessIdentity IdentityOf(X509Certificate2 certificate)
    {
        string[] dns = [], uris = [];
        if (certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names)
        {
            dns = [.. names.EnumerateDnsNames()];
            uris = [.. UrisOf(names.RawData)];
        }
        SubjectGrants? found = Certificates?.FirstOrDefault(one => one.Subject == certificate.Subject
            || (one.Dns is not null && dns.Contains(one.Dns, StringComparer.OrdinalIgnoreCase))
            || (one.Uri is not null && uris.Contains(one.Uri, StringComparer.Ordinal)));
        string name = found?.Name ?? found?.Uri ?? found?.Dns ?? certificate.Subject;
        return new AccessIdentity("certificate", name, found is null ? Grants.None : GrantsOf(found.Grants));
    }

    /// <summary>What the values of a role claim allow: each is a grant itself, or a word of this file. Others mean nothing here.</summary>
    public Grants GrantsOf(IEnumerable<string> claims)
    {
        List<Grant> all = [];
        foreach (string claim in claims)
        {
            IReadOnlyList<string> texts = Words?.FirstOrDefault(one => one.Word == claim)?.Grants ?? [claim];
            foreach (string text in texts)
            {
                if (Grant.TryParse(text, out Grant grant))
                    all.Add(grant);
            }
        }
        return new Grants(all);
    }

    private static void Require(string path, string place, IReadOnlyList<string> grants)
    {
        if (Access.Grants.FaultOf(grants) is string fault)
            throw AnnException.BadInput(path, place, fault);
    }

    /// <summary>The URIs of the alternative names (RFC 5280, 4.2.1.6), which the platform does not enumerate.</summary>
    private static List<string> UrisOf(byte[] extension)
    {
        List<string> uris = [];
        Asn1Tag uri = new(TagClass.ContextSpecific, 6);
        try
        {
            AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(uri))
                    uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uri));
                else
                    names.ReadEncodedValue();
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            return []; // Names that cannot be read give nobody anything.
        }
        return uris;
    }
}

/// <summary>What certificates of a subject may do.</summary>
internal sealed record SubjectGrants
{
    /// <summary>The whole distinguished name, as <c>CN=ranking, O=Shop</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>A DNS name of the certificate.</summary>
    public string? Dns { get; init; }

    /// <summary>A URI of the certificate, such as <c>spiffe://shop/ranking</c>.</summary>
    public string? Uri { get; init; }

    /// <summary>Their name in records; null takes what was matched.</summary>
    public string? Name { get; init; }

    /// <summary>Each as <c>read:shop*</c>.</summary>
    public required IReadOnlyList<string> Grants { get; init; }
}

/// <summary>What a word of a token's role claim allows.</summary>
/// <param name="Word">As the claim has it.</param>
/// <param name="Grants">Each as <c>read:shop*</c>.</param>
internal sealed record WordGrants(string Word, IReadOnlyList<string> Grants);

/// <summary>The file as JSON. A member that this build does not know might narrow a grant, so it is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 8,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(GrantsFile))]
internal sealed partial class GrantsFileJson : JsonSerializerContext;
