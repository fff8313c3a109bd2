using System.Net;
using System.Text.Json;
using Ann.Client.Connecting;
using Ann.Core;
using Ann.Tool.Remote;

namespace Ann.Tool.Top;

/// <summary>A server's port for operators (its setting OpsListen).</summary>
internal sealed class OpsConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <param name="server">The port, and what lets the tool in.</param>
    /// <param name="time">The clock.</param>
    public OpsConnection(ServerTarget server, TimeProvider time)
    {
        if (!Uri.TryCreate(server.Address, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw AnnException.Invalid("--ops", $"--ops is '{server.Address}'; HOST:PORT, http:// or https:// was expected.");
        Address = server.Address;
        _time = time;
        _http = new HttpClient(ServerHandler.Of(server.Options()))
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(10),
            MaxResponseContentBufferSize = 64 << 20,
        };
    }

    /// <summary>With its scheme.</summary>
    public string Address { get; }

    /// <summary>Its metrics now.</summary>
    /// <exception cref="AnnException">Unavailable: nobody answers, or not with metrics.</exception>
    public async Task<TopSample> SampleAsync(CancellationToken cancellation)
    {
        (HttpStatusCode status, string body) = await GetAsync("/metrics", cancellation);
        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new AnnException(AnnError.FailedPrecondition,
                $"{Address}/metrics: the answer is {(int)status}; --api-key or {ToolContext.ApiKeyVariable} shows a key.");
        }
        if (status != HttpStatusCode.OK)
            throw new AnnException(AnnError.Unavailable, $"{Address}/metrics: the answer is {(int)status}; is this a server's OpsListen?");
        return new TopSample(_time.GetTimestamp(), [.. Exposition.Parse(body)]);
    }

    /// <summary>serving, loading, draining or failed.</summary>
    public async Task<string> StateAsync(CancellationToken cancellation)
    {
        (_, string body) = await GetAsync("/readyz", cancellation);
        try
        {
            using JsonDocument found = JsonDocument.Parse(body);
            return found.RootElement.GetProperty("state").GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new AnnException(AnnError.Unavailable, $"{Address}/readyz: the answer is not that of a server's OpsListen.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new AnnException(AnnError.Unavailable, $"{Address}: no server answers: {e.GetBaseException().Message}", e);
        }
    }
}
