using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Ann.Server.Access;

/// <summary>
/// An API key as a caller holds it: <c>annkey_</c>, 16 hex digits that name it, <c>_</c>, and 43 characters of base64url that are its 256
/// random bits. The beginning is for those who look for leaked keys.
/// </summary>
internal static class ApiKeyText
{
    /// <summary>What every key begins with.</summary>
    public const string Prefix = "annkey_";

    /// <summary>Bytes of the secret part.</summary>
    public const int SecretBytes = 32;

    /// <summary>Bytes of the salt that it is hashed with.</summary>
    public const int SaltBytes = 16;

    /// <summary>Bytes of its hash.</summary>
    public const int HashBytes = HMACSHA256.HashSizeInBytes;

    private const int IdDigits = 16;
    private const int SecretCharacters = 43;

    /// <summary>Characters of a key.</summary>
    public const int Length = 7 + IdDigits + 1 + SecretCharacters;

    /// <summary>Reads a key.</summary>
    /// <param name="text">What was shown.</param>
    /// <param name="id">Which key it says it is.</param>
    /// <param name="secret">Room for <see cref="SecretBytes"/> bytes.</param>
    /// <returns>False when it is no key at all.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, out ulong id, Span<byte> secret)
    {
        id = 0;
        return text.Length == Length
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && TryReadId(text.Slice(Prefix.Length, IdDigits), out id)
            && text[Prefix.Length + IdDigits] == '_'
            && Base64Url.DecodeFromChars(text[^SecretCharacters..], secret, out _, out int bytes) == OperationStatus.Done
            && bytes == SecretBytes;
    }

    /// <summary>Reads the name of a key: 16 hex digits.</summary>
    public static bool TryReadId(ReadOnlySpan<char> text, out ulong id)
    {
        id = 0;
        return text.Length == IdDigits && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);
    }

    /// <summary>The name of a key as it is written.</summary>
    public static string OfId(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The key, to be shown once.</summary>
    public static string Of(ulong id, ReadOnlySpan<byte> secret) => $"{Prefix}{OfId(id)}_{Base64Url.EncodeToString(secret)}";

    /// <summary>What a file keeps of a key. Cheap, since nothing dear is needed: no search goes through 256 random bits.</summary>
    /// <param name="salt">Random, of this secret alone.</param>
    /// <param name="secret">The secret part.</param>
    /// <param name="hash">Room for <see cref="HashBytes"/> bytes.</param>
    public static void Hash(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret, Span<byte> hash) =>
        HMACSHA256.HashData(salt, secret, hash);
}
