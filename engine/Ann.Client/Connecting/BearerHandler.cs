using System.Net.Http.Headers;

namespace Ann.Client.Connecting;

/// <summary>Shows a key or a token with each call.</summary>
internal sealed class BearerHandler(
    string? key, Func<CancellationToken, ValueTask<string>>? provider, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string Scheme = "Bearer";

    private AuthenticationHeaderValue? _shown = key is null ? null : new AuthenticationHeaderValue(Scheme, key);

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (provider is not null)
            return SendWithTokenAsync(request, cancellationToken);
        request.Headers.Authorization = _shown;
        return base.SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendWithTokenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string token = await provider!(cancellationToken).ConfigureAwait(false);
        if (_shown?.Parameter != token)
            _shown = new AuthenticationHeaderValue(Scheme, token);
        request.Headers.Authorization = _shown;
        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
