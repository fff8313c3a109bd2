using System.Collections.Frozen;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;

namespace Ann.Server.Access;

/// <summary>The API keys of a file, ready to be asked. Never changes; a changed file makes another.</summary>
internal sealed class KeyRing
{
    private static readonly AuthenticateResult Unknown = AuthenticateResult.Fail("The API key is not known here.");
    private static readonly AuthenticateResult NoKey = AuthenticateResult.Fail(
        "The credential is neither an API key (annkey_…) nor a token.");

    private readonly FrozenDictionary<ulong, Entry> _entries;

    public KeyRing(ApiKeyFile file, string scheme) => _entries = file.Keys.Select(key => new Entry(key, scheme)).ToFrozenDictionary(
        static entry => entry.Id);

    /// <summary>Keys that it has.</summary>
    public int Count => _entries.Count;

    /// <summary>Looks at a key that was shown. Allocates nothing; takes a hash, and a comparison in constant time.</summary>
    /// <param name="text">What was shown.</param>
    /// <param name="now">The time.</param>
    public AuthenticateResult Look(ReadOnlySpan<char> text, DateTimeOffset now)
    {
        Span<byte> secret = stackalloc byte[ApiKeyText.SecretBytes];
        if (!ApiKeyText.TryRead(text, out ulong id, secret))
            return NoKey;
        AuthenticateResult result = _entries.TryGetValue(id, out Entry? entry) ? entry.Look(secret, now) : Unknown;
        CryptographicOperations.ZeroMemory(secret);
        return result;
    }

    /// <summary>A key, and the answers to whoever shows it.</summary>
    private sealed class Entry
    {
        private readonly ApiKey _key;
        private readonly AuthenticateResult _good;
        private readonly AuthenticateResult _revoked;
        private readonly AuthenticateResult _expired;

        public Entry(ApiKey key, string scheme)
        {
            _key = key;
            Id = ulong.Parse(key.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            Grants grants = new(key.Grants.Select(static text => Grant.TryParse(text, out Grant grant)
                ? grant
                : throw new FormatException($"'{text}' is no grant."))); // the file was checked
            _good = AuthenticateResult.Success(new AuthenticationTicket(
                new ClaimsPrincipal(new AccessIdentity("key", key.Name, grants)), scheme));
            _revoked = AuthenticateResult.Fail($"The API key {key.Id} was revoked.");
            _expired = AuthenticateResult.Fail($"The API key {key.Id} has expired.");
        }

        public ulong Id { get; }

        /// <summary>Only who has the secret is told what became of the key.</summary>
        public AuthenticateResult Look(ReadOnlySpan<byte> secret, DateTimeOffset now)
        {
            Span<byte> hash = stackalloc byte[ApiKeyText.HashBytes];
            for (int i = _key.Secrets.Count - 1; i >= 0; i--)
            {
                ApiKeySecret kept = _key.Secrets[i];
                ApiKeyText.Hash(kept.Salt, secret, hash);
                if (!CryptographicOperations.FixedTimeEquals(hash, kept.Hash))
                    continue;
                if (_key.Revoked is not null)
                    return _revoked;
                return now >= _key.Expires || now >= kept.Until ? _expired : _good;
            }
            return Unknown;
        }
    }
}
