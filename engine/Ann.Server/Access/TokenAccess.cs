using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using Ann.Core;
using Ann.Server.Reloading;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Ann.Server.Access;

/// <summary>How tokens (JWT, RFC 7519) are looked at: by the platform's scheme, with keys of a file or an address, once a token.</summary>
/// <remarks>
/// A signature takes some 50 µs to check, and a caller shows one token for minutes. So who was found to be behind a token is kept under the
/// token's SHA-256 until the token ends, or keys or grants change.
/// </remarks>
internal sealed class TokenAccess(
    IOptions<ServerOptions> options, Credentials credentials, WatchedFiles files, TimeProvider time, ILogger<FetchedKeys> log)
    : IConfigureNamedOptions<JwtBearerOptions>
{
    /// <summary>Tokens that are kept; when there are more all are looked at anew.</summary>
    private const int MostKept = 4096;

    /// <summary>By how much clocks may differ.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Signatures by a key pair alone: a secret that both sides have would be in a public file of keys.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly object KeptIn = new();

    private readonly ServerOptions _server = options.Value;
    private volatile ConcurrentDictionary<TokenHash, Known> _known = [];
    private volatile IReadOnlyList<SecurityKey> _keys = [];
    private FetchedKeys? _fetched;

    /// <summary>Reads the file of keys, where it is no address.</summary>
    /// <exception cref="AnnException">It cannot be read or used.</exception>
    public void Open()
    {
        if (Uri.TryCreate(_server.JwtKeys, UriKind.Absolute, out Uri? address) && !address.IsFile)
        {
            _fetched = new FetchedKeys(_server.JwtKeys, time, log);
            return;
        }
        files.Add("The list of keys of tokens", [_server.JwtKeys], contents =>
        {
            _keys = Read(_server.JwtKeys, contents[0]);
            _known = [];
        });
    }

    /// <inheritdoc/>
    public void Configure(JwtBearerOptions bearer) => Configure(JwtBearerDefaults.AuthenticationScheme, bearer);

    /// <inheritdoc/>
    public void Configure(string? name, JwtBearerOptions bearer)
    {
        bearer.MapInboundClaims = false;
        bearer.IncludeErrorDetails = false;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = _server.JwtIssuer,
            ValidAudience = _server.JwtAudience,
            ValidAlgorithms = Algorithms,
            ValidateIssuerSigningKey = true,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ClockSkew = ClockSkew,
            NameClaimType = AccessIdentity.NameClaim,
        };
        if (_fetched is not null)
            bearer.ConfigurationManager = _fetched.Cache;
        else
            bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, id, _) =>
                string.IsNullOrEmpty(id) ? _keys : _keys.Where(key => key.KeyId == id);
        bearer.Events = new JwtBearerEvents
        {
            OnMessageReceived = Recall,
            OnTokenValidated = Keep,
            OnAuthenticationFailed = context =>
            {
                context.Fail(Reason(context.Exception));
                return Task.CompletedTask;
            },
        };
    }

    /// <summary>Answers for a token that was looked at before.</summary>
    private Task Recall(MessageReceivedContext context)
    {
        ConcurrentDictionary<TokenHash, Known> all = _known;
        TokenHash hash = TokenHash.Of(AccessSchemes.BearerOf(context.Request));
        if (all.TryGetValue(hash, out Known? known) && known.Grants == credentials.Grants && time.GetUtcNow() < known.End)
        {
            context.Principal = known.Principal;
            context.Success();
        }
        else
        {
            context.HttpContext.Items[KeptIn] = all; // keys that are changed meanwhile have another
        }
        return Task.CompletedTask;
    }

    /// <summary>Makes an identity of a good token, and keeps it.</summary>
    private Task Keep(TokenValidatedContext context)
    {
        GrantsFile grants = credentials.Grants;
        ClaimsPrincipal token = context.Principal!;
        IEnumerable<string> words = token.FindAll(_server.JwtRolesClaim).SelectMany(static claim => claim.Value.Split(' '));
        string name = token.FindFirstValue(AccessIdentity.NameClaim) ?? "";
        ClaimsPrincipal principal = new(new AccessIdentity("token", Name(name), grants.GrantsOf(words)));
        context.Principal = principal;
        ConcurrentDictionary<TokenHash, Known> known = (ConcurrentDictionary<TokenHash, Known>)context.HttpContext.Items[KeptIn]!;
        if (known.Count >= MostKept)
            known.Clear();
        DateTimeOffset end = new(DateTime.SpecifyKind(context.SecurityToken.ValidTo, DateTimeKind.Utc));
        known[TokenHash.Of(AccessSchemes.BearerOf(context.Request))] = new Known(principal, grants, end + ClockSkew);
        return Task.CompletedTask;
    }

    /// <summary>The subject as records take it: without what would break a line, and not without an end.</summary>
    private static string Name(string subject) => new([.. subject.Take(128).Select(static one => char.IsControl(one) ? '?' : one)]);

    /// <summary>Why a token is refused, without what it says.</summary>
    private string Reason(Exception e) => e switch
    {
        SecurityTokenSignatureKeyNotFoundException when _fetched is { IsFailing: true } =>
            "The keys of the token's issuer could not be fetched; the server's log has why.",
        SecurityTokenExpiredException => "The token has expired.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        SecurityTokenSignatureKeyNotFoundException => "The token was signed with a key that is not known here.",
        SecurityTokenNoExpirationException => "The token has no end (exp).",
        _ => "The token is not valid.",
    };

    private static IReadOnlyList<SecurityKey> Read(string path, byte[] content)
    {
        try
        {
            IReadOnlyList<SecurityKey> keys = [.. new JsonWebKeySet(System.Text.Encoding.UTF8.GetString(content)).GetSigningKeys()];
            return keys.Count > 0 ? keys : throw AnnException.BadInput(path, "", "it is a key set (JWKS) without a key that signs.");
        }
        catch (Exception e) when (e is ArgumentException or System.Text.Json.JsonException)
        {
            throw AnnException.BadInput(path, "", $"it is no key set (JWKS): {e.Message}", e);
        }
    }

    /// <summary>Somebody who was found behind a token.</summary>
    /// <param name="Principal">Who.</param>
    /// <param name="Grants">By which grants.</param>
    /// <param name="End">Of the token.</param>
    private sealed record Known(ClaimsPrincipal Principal, GrantsFile Grants, DateTimeOffset End);

    /// <summary>SHA-256 of a token.</summary>
    private readonly record struct TokenHash(UInt128 Upper, UInt128 Lower)
    {
        public static TokenHash Of(ReadOnlySpan<char> token)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(token), hash);
            return new TokenHash(
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
        }
    }
}
