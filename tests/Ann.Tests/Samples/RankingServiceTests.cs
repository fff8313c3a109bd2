using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ann.Tests.Server;
using Ann.Tests.Server.Web;
using Microsoft.Playwright;

namespace Ann.Tests.Samples;

/// <summary>The sample with the server that it starts for itself.</summary>
public sealed class RankingServiceRun : IAsyncLifetime
{
    private SampleProcess? _sample;

    internal HttpClient Http { get; } = new();

    internal Uri Site => Http.BaseAddress!;

    public async ValueTask InitializeAsync()
    {
        _sample = Start();
        Http.BaseAddress = new Uri(await _sample.ReadAsync("Now listening on: "));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using SampleProcess sample = _sample!;
        Assert.Equal(0, await sample.StopAsync());
    }

    /// <summary>Searches have the time that a busy machine takes.</summary>
    internal static SampleProcess Start(params string[] words) => SampleProcess.Start(
        "ranking-service", "Ann.Samples.RankingService", ["--urls", "http://127.0.0.1:0", "--Feed:SearchTime", "00:00:30", .. words]);
}

/// <summary>
/// Goal: the sample of a ranking service makes feeds that keep what they promise, and its page is sound for eyes and keys.
/// </summary>
/// <remarks>With <c>ANN_SCREENSHOTS</c> set to a directory, pictures of the page are left there.</remarks>
[Collection(typeof(ServerTests))]
public sealed class RankingServiceTests(SampleIndexes samples, RankingServiceRun run) : IClassFixture<RankingServiceRun>
{
    private const int Wide = 1360;
    private const int Phone = 390;

    public static TheoryData<int, ColorScheme> Views => new()
    {
        { Wide, ColorScheme.Light }, { Wide, ColorScheme.Dark }, { Phone, ColorScheme.Light }, { Phone, ColorScheme.Dark },
    };

    [Fact]
    public async Task AFeedKeepsItsPromises()
    {
        JsonElement feed = await FeedAsync("ada", "?maxPrice=200&perCategory=7");

        JsonElement[] items = [.. feed.GetProperty("items").EnumerateArray()];
        Assert.Equal(24, items.Length);
        Assert.All(items, static item => Assert.InRange(item.GetProperty("price").GetDouble(), 0, 200));
        Assert.All(items, static item => Assert.InRange(item.GetProperty("ageDays").GetInt32(), 0, 90));
        Assert.All(items.CountBy(static item => item.GetProperty("category").GetString()!), static one => Assert.InRange(one.Value, 1, 7));
        Assert.Equal(48, feed.GetProperty("candidates").GetInt32());
        Assert.NotEmpty(feed.GetProperty("heldBack").EnumerateObject());
        Assert.Equal("Complete", feed.GetProperty("completeness").GetString());
        double[] scores = [.. items.Select(static item =>
            item.GetProperty("taste").GetDouble() + item.GetProperty("freshness").GetDouble() + item.GetProperty("priceFit").GetDouble())];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.NotEqual(items.Select(static item => item.GetProperty("placeInSearch").GetInt32()).Order(),
            items.Select(static item => item.GetProperty("placeInSearch").GetInt32())); // the ranker had a say
    }

    [Fact]
    public async Task WhatWasSeenDoesNotComeAgain()
    {
        ulong[] before = KeysOf(await FeedAsync("bruno"));

        await RequireAsync(run.Http.PostAsJsonAsync("api/shoppers/bruno/seen", before));
        ulong[] after = KeysOf(await FeedAsync("bruno"));
        Assert.Equal(24, after.Length);
        Assert.Empty(before.Intersect(after));
        Assert.Empty(before.Except(KeysOf(await FeedAsync("chloe"))).Intersect(after)); // a set of his own

        await RequireAsync(run.Http.DeleteAsync(new Uri("api/shoppers/bruno/seen", UriKind.Relative)));
        Assert.Equal(before, KeysOf(await FeedAsync("bruno")));
    }

    [Fact]
    public async Task WhatWasOpenedChangesTheFeed()
    {
        JsonElement before = await FeedAsync("deniz");
        JsonElement other = before.GetProperty("items").EnumerateArray().Last();
        ulong key = other.GetProperty("key").GetUInt64();

        await RequireAsync(run.Http.PostAsync(new Uri($"api/shoppers/deniz/opened/{key}", UriKind.Relative), null));
        JsonElement after = await FeedAsync("deniz");

        Assert.Equal(key, after.GetProperty("opened")[0].GetProperty("key").GetUInt64());
        Assert.DoesNotContain(key, KeysOf(after));
        Assert.NotEqual(KeysOf(before), KeysOf(after));
        Assert.Contains(after.GetProperty("items").EnumerateArray(), item =>
            item.GetProperty("like").GetString() == other.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("GET", "nobody/feed")]
    [InlineData("DELETE", "nobody/seen")]
    [InlineData("POST", "ada/opened/999999")]
    public async Task WhatIsNotThereIsNotFound(string method, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri($"api/shoppers/{path}", UriKind.Relative));
        using HttpResponseMessage reply = await run.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
    }

    [Fact]
    public async Task AServerThatIsAwayIsTold()
    {
        RunningServer server = await RunningServer.StartAsync(samples, options => options.DataDirectory = samples.NewDirectory());
        using SampleProcess sample = RankingServiceRun.Start(
            "--AnnClient:Address", server.Host.Address, "--Feed:Items", "300", "--Feed:Index", "few");
        using HttpClient http = new() { BaseAddress = new Uri(await sample.ReadAsync("Now listening on: ")) };
        Assert.Equal(300ul, (await server.Indexes.DescribeAsync(new() { Index = "few" })).Index.Count);
        await server.DisposeAsync();

        using HttpResponseMessage reply = await http.GetAsync(new Uri("api/shoppers/ada/feed", UriKind.Relative));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        Assert.Equal("application/problem+json", reply.Content.Headers.ContentType?.MediaType);
        Assert.Equal(0, await sample.StopAsync());
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task ThePageIsSound(int width, ColorScheme scheme)
    {
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(run.Site, width, scheme);
        await browser.Page.GotoAsync("/");
        await browser.SeeAsync("24 items");
        await browser.Page.GetByText("Why is it here?").First.ClickAsync();
        await browser.SeeAsync("after ranking");
        await browser.RequireSoundAsync($"the feed at {width}, {scheme}");
        if (ConsoleBrowserTests.Pictures is { } pictures)
        {
            await browser.Page.EvaluateAsync("() => scrollTo(0, 0)");
            string file = $"ranking-{width.ToString(CultureInfo.InvariantCulture)}-{scheme}.png";
            await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(pictures, file), FullPage = width == Phone });
        }
    }

    [Fact]
    public async Task AFeedIsReadAndChangedByKeys()
    {
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(run.Site, Wide, ColorScheme.Light);
        await browser.Page.GotoAsync("/");
        await browser.SeeAsync("24 items");

        await browser.TabToAsync("Ada");
        for (int i = 0; i < 4; i++)
            await browser.Page.Keyboard.PressAsync("ArrowRight");
        await browser.Page.Locator("input[value=emeka]:checked").WaitForAsync();
        await browser.Page.Locator("#opened").GetByText("Playful").First.WaitForAsync();

        string first = await FirstTitleAsync(browser);
        await browser.PressAsync("Seen: ");
        await browser.SeeAsync("not shown again");
        Assert.NotEqual(first, await FirstTitleAsync(browser));
        string focused = await browser.Page.EvaluateAsync<string>("() => document.activeElement.dataset.act");
        Assert.Equal("Seen", focused);
        await browser.Page.Keyboard.PressAsync("Shift+Tab");
        string opened = await FirstTitleAsync(browser);
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("the feed follows it");
        await browser.Page.Locator("#opened li").First.GetByText(opened).WaitForAsync();
        await browser.RequireSoundAsync("after an item was opened");
    }

    private static Task<string> FirstTitleAsync(ConsoleBrowser browser) =>
        browser.Page.Locator("#feed h3").First.InnerTextAsync();

    private static ulong[] KeysOf(JsonElement feed) =>
        [.. feed.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("key").GetUInt64())];

    private static async Task RequireAsync(Task<HttpResponseMessage> call)
    {
        using HttpResponseMessage reply = await call;
        Assert.True(reply.IsSuccessStatusCode, $"{reply.StatusCode}: {await reply.Content.ReadAsStringAsync()}");
    }

    private Task<JsonElement> FeedAsync(string shopper, string asked = "") =>
        run.Http.GetFromJsonAsync<JsonElement>(new Uri($"api/shoppers/{shopper}/feed{asked}", UriKind.Relative));
}
