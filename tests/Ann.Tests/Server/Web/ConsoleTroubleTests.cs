using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Ann.Tests.Server.Web;

/// <summary>
/// Goal: a person hears what is wrong, on a phone too: a server that is away, a key that ended, a role that lacks, too much of all.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class ConsoleTroubleTests(SampleIndexes samples)
{
    private const int Phone = 390;

    [Fact]
    public async Task AServerThatGoesAwayIsTold()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Phone, ColorScheme.Light);
        await browser.GoAsync("/console");
        await browser.Page.RouteAsync("**/*", static route => route.AbortAsync("connectionrefused"));

        await browser.SeeAsync("The server cannot be reached.");
        await browser.Page.GetByRole(AriaRole.Link, new() { Name = "Encoders" }).ClickAsync(); // whose script is not there yet
        await browser.SeeAsync("The page could not be loaded");
        browser.Forgive("ERR_CONNECTION_REFUSED");
        await browser.Page.UnrouteAllAsync();
        await browser.RequireSoundAsync("a page that could not be loaded");
        await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await browser.SeeAsync("Hosted");
        await browser.RequireSoundAsync("the page once the server is back");
    }

    [Fact]
    public async Task AKeyThatEndedIsAskedForOnce()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Phone, ColorScheme.Dark);
        await browser.GoAsync("/console/live");
        int refused = 0;
        await browser.Page.RouteAsync("**/console/data/**", route =>
        {
            refused++;
            return route.FulfillAsync(new() { Status = 401, Body = "{\"code\":16,\"message\":\"The key has expired.\"}" });
        });

        await browser.SeeAsync("The server wants to know who asks.");
        browser.Forgive("401");
        await browser.RequireSoundAsync("the question for a key");
        await browser.Page.Keyboard.PressAsync("Escape");
        await browser.SeeAsync("The key has expired.");
        await browser.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))"); // looks at once, if it looks
        Assert.Equal(0, await browser.Page.Locator("dialog[open]").CountAsync());
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task SlowQueriesSayHowTheyAreTurnedOnAndForWhomTheyAre()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Phone, ColorScheme.Light);

        await browser.GoAsync("/console/slow");
        await browser.SeeAsync("--slow-query-file");
        await browser.RequireSoundAsync("slow queries that are not kept");
        await browser.AnswerAsync("**/console/data/slow", 403, "{\"code\":7,\"message\":\"key:a has no role\"}");
        await browser.GoAsync("/console/slow");
        await browser.SeeAsync("the role admin");
        browser.Forgive("403");
        await browser.RequireSoundAsync("slow queries of others");
        await browser.GoAsync("/console/slow?number=7");
        await browser.SeeAsync("No slow query of that number");
        browser.Forgive("404");
        await browser.RequireSoundAsync("a slow query that is gone");
    }

    [Theory]
    [InlineData(Phone)]
    [InlineData(1360)]
    public async Task FiftyIndexesWithLongNamesFit(int width)
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, width, ColorScheme.Light);
        await browser.AnswerAsync("**/v1/indexes", 200, JsonSerializer.Serialize(new
        {
            indexes = Enumerable.Range(0, 50).Select(static i => new Dictionary<string, object>
            {
                ["name"] = i.ToString("d2", CultureInfo.InvariantCulture) + new string(i % 2 == 0 ? 'w' : '_', 126),
                ["state"] = i == 3 ? "INDEX_STATE_FAILED" : i == 4 ? "INDEX_STATE_LOADING" : "INDEX_STATE_SERVING",
                ["failure"] = i == 3 ? $"{new string('x', 300)}.ann: byte 17: a checksum is wrong." : "",
                ["generation"] = "0123456789abcdef",
                ["count"] = "18446744073709551615",
                ["dimension"] = 65536,
                ["metric"] = "METRIC_INNER_PRODUCT",
                ["loadedBytes"] = "9223372036854775807",
                ["sizeInBytes"] = "9223372036854775807",
                ["queryEncoder"] = new { name = new string('e', 64), fingerprint = "1", hosted = true },
            }),
        }));

        foreach (string path in new[] { "/console", "/console/query", "/console/sets", "/console/encoders" })
        {
            await browser.GoAsync(path);
            browser.Forgive("404"); // no such index is there
            await browser.RequireSoundAsync($"{path} at {width}");
            if (ConsoleBrowserTests.Pictures is { } pictures)
            {
                string file = $"many{path.Replace('/', '-')}-{width.ToString(CultureInfo.InvariantCulture)}.png";
                await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(pictures, file) });
            }
        }
    }
}
