using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ann.Tests.Server.Access;

/// <summary>Issues tokens, as an identity provider does.</summary>
internal sealed class TestIssuer : IDisposable
{
    public const string Name = "https://issuer.example";
    public const string Audience = "ann";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RsaSecurityKey _key;

    public TestIssuer(string id = "k1") => _key = new RsaSecurityKey(_rsa) { KeyId = id };

    /// <summary>The public keys, as a file of them has it.</summary>
    public string Keys
    {
        get
        {
            RSAParameters key = _rsa.ExportParameters(false);
            return $$"""
                {"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{_key.KeyId}}",
                "n":"{{Base64UrlEncoder.Encode(key.Modulus)}}","e":"{{Base64UrlEncoder.Encode(key.Exponent)}}"}]}
                """;
        }
    }

    public string Token(
        object roles, string audience = Audience, string issuer = Name, string subject = "alice", int minutes = 10) =>
        new JsonWebTokenHandler().CreateToken(Descriptor(
            roles, audience, issuer, subject, minutes, new SigningCredentials(_key, SecurityAlgorithms.RsaSha256)));

    /// <summary>A token without a signature, which says that it needs none.</summary>
    public static string Unsigned(object roles) =>
        new JsonWebTokenHandler().CreateToken(Descriptor(roles, Audience, Name, "mallory", 10, null));

    /// <summary>A token that is signed with the public key as if it were a secret: the oldest trick against JWT.</summary>
    public string SignedWithPublicKey(object roles) => new JsonWebTokenHandler().CreateToken(Descriptor(
        roles, Audience, Name, "mallory", 10, new SigningCredentials(
            new SymmetricSecurityKey(_rsa.ExportSubjectPublicKeyInfo()) { KeyId = _key.KeyId }, SecurityAlgorithms.HmacSha256)));

    public void Dispose() => _rsa.Dispose();

    private static SecurityTokenDescriptor Descriptor(
        object roles, string audience, string issuer, string subject, int minutes, SigningCredentials? signing)
    {
        DateTime now = DateTime.UtcNow;
        return new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            IssuedAt = now.AddMinutes(-60),
            NotBefore = now.AddMinutes(-60),
            Expires = now.AddMinutes(minutes),
            Claims = new Dictionary<string, object> { ["sub"] = subject, ["ann_roles"] = roles },
            SigningCredentials = signing,
        };
    }
}
