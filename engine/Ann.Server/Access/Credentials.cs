using Ann.Server.Reloading;
using Ann.Server.Transport;
using Microsoft.Extensions.Options;

namespace Ann.Server.Access;

/// <summary>What credentials are compared with: keys and grants as the operator's files have them now.</summary>
internal sealed class Credentials(IOptions<ServerOptions> options, WatchedFiles files)
{
    private volatile KeyRing _keys = new(ApiKeyFile.Empty, AccessSchemes.ApiKey);
    private volatile GrantsFile _grants = GrantsFile.Empty;

    /// <summary>The API keys.</summary>
    public KeyRing Keys => _keys;

    /// <summary>What certificates and words of tokens may do. Another object once it has changed.</summary>
    public GrantsFile Grants => _grants;

    /// <summary>Reads the files.</summary>
    /// <exception cref="Core.AnnException">One cannot be read or used.</exception>
    public void Open()
    {
        if (options.Value.ApiKeyFile is { Length: > 0 } keys)
        {
            files.Add("The list of API keys", [keys], contents =>
                _keys = new KeyRing(ApiKeyFile.Parse(keys, contents[0]), AccessSchemes.ApiKey));
        }
        if (options.Value.GrantsFile is { Length: > 0 } grants)
            files.Add("The list of grants", [grants], contents => _grants = GrantsFile.Parse(grants, contents[0]));
    }
}

/// <summary>The authentication schemes.</summary>
internal static class AccessSchemes
{
    /// <summary>Keys of ours. The scheme that a call is given to first, which hands tokens and certificates on.</summary>
    public const string ApiKey = "ApiKey";

    /// <summary>What stands before a key or a token in the header <c>authorization</c>.</summary>
    public const string BearerWord = "Bearer ";

    /// <summary>The key or token of a call, as a piece of its header; empty where it has none.</summary>
    public static ReadOnlySpan<char> BearerOf(HttpRequest request)
    {
        string? header = request.Headers.Authorization;
        return header is not null && header.StartsWith(BearerWord, StringComparison.OrdinalIgnoreCase)
            ? header.AsSpan(BearerWord.Length).Trim()
            : header;
    }

    /// <summary>True for what looks like an API key, or is the server's own.</summary>
    public static bool IsApiKey(ReadOnlySpan<char> bearer) =>
        bearer.StartsWith(ApiKeyText.Prefix, StringComparison.Ordinal) || bearer.StartsWith(OwnIdentity.Prefix, StringComparison.Ordinal);

    /// <summary>Whom a call is handed on to: null for nobody, as it has an API key or nothing.</summary>
    public static Func<HttpContext, string?> Choose(bool takesTokens, bool takesCertificates) => context =>
    {
        ReadOnlySpan<char> bearer = BearerOf(context.Request);
        if (bearer.Length > 0)
        {
            return takesTokens && !IsApiKey(bearer)
                ? Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerDefaults.AuthenticationScheme
                : null;
        }
        return takesCertificates && context.Connection.ClientCertificate is not null
            ? Microsoft.AspNetCore.Authentication.Certificate.CertificateAuthenticationDefaults.AuthenticationScheme
            : null;
    };
}
