using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Ann.Server;

namespace Ann.Tests.Server.Web;

/// <summary>A server with console and REST on a free port, and callers of it.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private WebServer(RunningServer server)
    {
        Server = server;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Host.WebAddress!) };
    }

    public RunningServer Server { get; }

    public HttpClient Http { get; }

    /// <summary>Starts one with the samples, unless <paramref name="configure"/> says otherwise.</summary>
    public static async Task<WebServer> StartAsync(
        SampleIndexes samples, Action<ServerOptions>? configure = null, TimeProvider? time = null) =>
        new(await RunningServer.StartAsync(samples, options =>
        {
            options.Console = true;
            options.WebListen = "127.0.0.1:0";
            configure?.Invoke(options);
        }, time));

    /// <summary>Puts callers beside a server that has REST.</summary>
    public static WebServer Of(RunningServer server) => new(server);

    /// <summary>Sends JSON.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        if (json is not null)
            request.Content = new StringContent(json, new System.Text.UTF8Encoding(false), new MediaTypeHeaderValue("application/json"));
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        return new Answer(response.StatusCode, text, response.Headers.Concat(response.Content.Headers).ToDictionary(
            static header => header.Key, static header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, json, headers);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The document.</summary>
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>The document of an answer that is none of an error.</summary>
    public JsonElement Expect()
    {
        Assert.True(Status == HttpStatusCode.OK, $"{Status}: {Text}");
        return Json;
    }

    /// <summary>The message of an error.</summary>
    public string Refused(HttpStatusCode status, int code)
    {
        Assert.True(Status == status, $"{Status}: {Text}");
        Assert.Equal(code, Json.GetProperty("code").GetInt32());
        return Json.GetProperty("message").GetString()!;
    }
}
