using System.Net;
using Ann.Web;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: no page of another site uses the console's server through somebody's browser.</summary>
[Collection(typeof(ServerTests))]
public sealed class WebGuardTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:1234", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:50080", true)]
    [InlineData("ann.example.org", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    public async Task OnlyToldNamesLeadHere(string host, bool isTold)
    {
        await using WebServer web = await WebServer.StartAsync(samples, static options => options.WebNames.Add("ann.example.org"));

        Answer answer = await web.GetAsync("/v1/indexes", ("Host", host));

        if (isTold)
            answer.Expect();
        else
            Assert.Contains("--web-name", answer.Refused(HttpStatusCode.Forbidden, 7), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Sec-Fetch-Site", "none", true)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Origin", "http://evil.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("X-Other", "a", true)] // curl
    public async Task OtherSitesPagesDoNotAct(string header, string value, bool mayAct)
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        Answer act = await web.PostAsync("/v1/indexes/plain:scroll", """{"limit": 1}""", (header, value));
        Answer drop = await web.SendAsync(HttpMethod.Delete, "/v1/indexes/absent", null, (header, value));
        Answer look = await web.GetAsync("/v1/indexes", (header, value));

        look.Expect();
        Assert.False(look.Headers.ContainsKey("Access-Control-Allow-Origin"));
        if (mayAct)
        {
            act.Expect();
            drop.Refused(HttpStatusCode.NotFound, 5);
        }
        else
        {
            act.Refused(HttpStatusCode.Forbidden, 7);
            drop.Refused(HttpStatusCode.Forbidden, 7);
        }
    }

    [Fact]
    public async Task TheConsolesOwnOriginActs()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        (await web.PostAsync("/v1/indexes/plain:scroll", """{"limit": 1}""", ("Origin", web.Server.Host.WebAddress!))).Expect();
    }

    [Fact]
    public async Task EveryAnswerIsGuarded()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        string[] paths = ["/console", "/console/main.js", "/v1/indexes", "/v1/indexes/absent", "/console/data/figures", "/absent"];
        foreach (string path in paths)
        {
            Answer answer = await web.GetAsync(path);
            Assert.Equal(WebGuard.ContentPolicy, answer.Headers["Content-Security-Policy"]);
            Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
            Assert.Equal("same-origin", answer.Headers["Cross-Origin-Resource-Policy"]);
            Assert.False(answer.Headers.ContainsKey("Set-Cookie"));
            Assert.False(answer.Headers.ContainsKey("Server"));
        }
        Assert.DoesNotContain("unsafe", WebGuard.ContentPolicy, StringComparison.Ordinal);
    }
}
