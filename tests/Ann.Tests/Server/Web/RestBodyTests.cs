using System.Net;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: a body says one thing, or is refused: no two readers of it may find different calls.</summary>
[Collection<ServerTests>]
public sealed class RestBodyTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("""{"k": 1, "k": 2}""", "SearchRequest has 'k' twice.")]
    [InlineData("""{"efSearch": 10, "k": 1, "ef_search": 20}""", "SearchRequest has 'efSearch' twice.")]
    [InlineData("""{"filter": {"in": {"attribute": "a"}}, "filter": {}}""", "SearchRequest has 'filter' twice.")]
    [InlineData("""{"filter": {"in": {"attribute": "a", "attribute": "b"}}}""", "InClause has 'attribute' twice.")]
    [InlineData("""{"k": 1} {"k": 2}""", "The body is no JSON: ")]
    [InlineData("""{"k": 1,}""", "The body is no JSON: ")]
    [InlineData("""{"\ud800": 1}""", "The body is no JSON: ")]
    [InlineData(" ", "The body is no JSON: ")]
    public async Task ABodyThatSaysTwoThingsOrNothingIsRefused(string body, string message)
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        Answer answer = await web.PostAsync("/v1/indexes/plain:search", body);

        Assert.StartsWith(message, answer.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
    }

    /// <summary>What looks at the bytes would find nothing in it, and transcoding would read it all the same.</summary>
    [Theory]
    [InlineData("utf-16", "", "Content-Type has 'utf-16'; JSON is taken in UTF-8.")]
    [InlineData("utf-8", "gzip", "Content-Encoding has 'gzip'; a body is taken as it is, not compressed.")]
    public async Task ABodyInAnotherFormIsRefused(string charset, string packed, string message)
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        using StringContent content = new("""{"filtr": {}}""", System.Text.Encoding.GetEncoding(charset), "application/json");
        if (packed.Length > 0)
            content.Headers.ContentEncoding.Add(packed);

        using HttpResponseMessage answer = await web.Http.PostAsync("/v1/indexes/plain:search", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(message, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>The reader of JSON throws another exception for these than for all else.</summary>
    [Fact]
    public async Task ANameThatIsNoUtf8IsRefused()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        using ByteArrayContent content = new([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        content.Headers.ContentType = new("application/json");

        using HttpResponseMessage answer = await web.Http.PostAsync("/v1/indexes/plain:search", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }
}
