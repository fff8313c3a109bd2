using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Ann.Server.Access;

/// <summary>
/// Keys of an issuer from its address: the platform's cache of them, with a fetch that tells the log when it fails and is not tried again
/// for a while, whatever comes meanwhile with tokens that nobody can check.
/// </summary>
internal sealed partial class FetchedKeys : IDocumentRetriever
{
    /// <summary>Time after a failure in which the next fetch fails like it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private const string OpenId = "/.well-known/openid-configuration";

    private readonly HttpDocumentRetriever _http;
    private readonly TimeProvider _time;
    private readonly ILogger<FetchedKeys> _log;
    private volatile Failure? _failure;

    /// <param name="address">Of a key set, or of an OpenID configuration that names one. Without TLS on the loopback alone.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Hears of failures.</param>
    public FetchedKeys(string address, TimeProvider time, ILogger<FetchedKeys> log)
    {
        _http = new HttpDocumentRetriever { RequireHttps = !new Uri(address).IsLoopback };
        _time = time;
        _log = log;
        bool isOpenId = address.EndsWith(OpenId, StringComparison.Ordinal);
        Cache = new ConfigurationManager<OpenIdConnectConfiguration>(
            address, isOpenId ? new OpenIdConnectConfigurationRetriever() : new KeySet(), this);
    }

    /// <summary>The keys, fetched when they are first wanted, after some hours, and when a token names one that is not there.</summary>
    public ConfigurationManager<OpenIdConnectConfiguration> Cache { get; }

    /// <summary>True where the last fetch failed.</summary>
    public bool IsFailing => _failure is not null;

    /// <inheritdoc/>
    public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        if (_failure is { } last && _time.GetElapsedTime(last.At) < Pause)
            throw new IOException(last.Reason);
        try
        {
            string document = await _http.GetDocumentAsync(address, cancel);
            _failure = null;
            return document;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or ArgumentException)
        {
            string reason = e.GetBaseException().Message;
            _failure = new Failure(_time.GetTimestamp(), reason);
            NotFetched(address, reason);
            throw;
        }
    }

    [LoggerMessage(EventId = 97, Level = LogLevel.Warning,
        Message = "The keys of tokens cannot be fetched from {Address}; what was fetched before is used. {Reason}")]
    private partial void NotFetched(string address, string reason);

    /// <summary>A fetch that failed.</summary>
    private sealed record Failure(long At, string Reason);

    /// <summary>A key set by itself, where an issuer has no OpenID configuration.</summary>
    private sealed class KeySet : IConfigurationRetriever<OpenIdConnectConfiguration>
    {
        public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(
            string address, IDocumentRetriever retriever, CancellationToken cancel)
        {
            JsonWebKeySet keys = new(await retriever.GetDocumentAsync(address, cancel));
            OpenIdConnectConfiguration found = new() { JsonWebKeySet = keys };
            foreach (SecurityKey key in keys.GetSigningKeys())
                found.SigningKeys.Add(key);
            return found;
        }
    }
}
