using System.Globalization;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Tests.Tool;
using Microsoft.Playwright;
using AttributeType = Ann.Protocol.V1.AttributeType;
using Metric = Ann.Protocol.V1.Metric;

namespace Ann.Tests.Server.Web;

/// <summary>
/// Goal: the console in a real browser: every page sound for eyes, keys and screen readers; a query asked and explained, a generation
/// attached, promoted and rolled back, with the keyboard alone.
/// </summary>
/// <remarks>With <c>ANN_SCREENSHOTS</c> set to a directory, pictures of every page are left there: both widths, both themes.</remarks>
[Collection(typeof(ServerTests))]
public sealed class ConsoleBrowserTests(SampleIndexes samples)
{
    private const int Wide = 1360;
    private const int Phone = 390;

    internal static readonly string? Pictures =
        Environment.GetEnvironmentVariable("ANN_SCREENSHOTS") is { Length: > 0 } directory ? directory : null;

    private static readonly string[] Things = ["kettle", "teapot", "desk lamp", "garden hose", "wool socks", "rain jacket"];

    private static readonly string[] Texts =
        [.. Things.SelectMany(static thing => new[] { "steel", "small", "blue", "old", "light" }.Select(kind => $"{kind} {thing}"))];

    /// <summary>Widths and themes change different rules, so two of the four pairs see all of them.</summary>
    public static TheoryData<int, ColorScheme> Views => Pictures is null
        ? new() { { Wide, ColorScheme.Light }, { Phone, ColorScheme.Dark } }
        : new() { { Wide, ColorScheme.Light }, { Wide, ColorScheme.Dark }, { Phone, ColorScheme.Light }, { Phone, ColorScheme.Dark } };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task EveryPageIsSound(int width, ColorScheme scheme)
    {
        await using WebServer web = await StartAsync();
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, width, scheme);
        await browser.GoAsync("/console");
        string[] pages = await browser.Page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('nav a, main a[data-link]')].map(a => a.getAttribute('href'))");
        Assert.Contains("/console/indexes/shop", pages);

        foreach (string path in pages.Distinct())
        {
            await browser.GoAsync(path);
            if (path == "/console/query")
            {
                await browser.Page.GetByLabel("Text", new() { Exact = true }).Nth(1).FillAsync("blue teapot");
                await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
                await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Why" }).First.ClickAsync();
                await browser.SeeAsync("is in the answer");
            }
            if (path == "/console/slow")
                await LookAtOneAsync(browser, $"{width.ToString(CultureInfo.InvariantCulture)}-{scheme}");
            if (path == "/console/indexes/tools")
                await browser.Page.GetByText("As a table").Last.ClickAsync();
            if (path == "/console/api")
                await browser.Page.Locator("details > summary").First.ClickAsync();
            await browser.RequireSoundAsync($"{path} at {width}, {scheme}");
            if (Pictures is not null)
            {
                await browser.Page.EvaluateAsync("() => scrollTo(0, 0)");
                string name = path.Split('/')[^1];
                string file = $"{name}-{width.ToString(CultureInfo.InvariantCulture)}-{scheme}.png";
                await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, file), FullPage = true });
            }
        }
    }

    [Fact]
    public async Task AQuestionIsAskedAndExplainedByKeys()
    {
        await using WebServer web = await StartAsync();
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Wide, ColorScheme.Light);
        await browser.GoAsync("/console");

        await browser.PressAsync("Query");
        await browser.SettleAsync();
        await browser.TabToAsync("Text"); // what is asked by
        await browser.TabToAsync("Text");
        await browser.Page.Keyboard.TypeAsync("blue teapot");
        await browser.TabToAsync("Filter");
        await browser.Page.Keyboard.TypeAsync("thing = teapot");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("5 results");
        string[] keys = await browser.Page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('tbody th')].map(cell => cell.textContent)");
        await browser.TabToAsync("Key of the item");
        await browser.Page.Keyboard.TypeAsync("1");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("filtered");

        SearchResponse asked = await web.Server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = "shop",
            Texts = { "blue teapot" },
            K = 10,
            Filter = new Filter { In = new InClause { Attribute = "thing", Keywords = { "teapot" } } },
        });
        Assert.Equal(asked.Keys.Numbers.Select(static key => key.ToString(CultureInfo.InvariantCulture)), keys);
        await browser.SeeAsync("thing");
        browser.RequireNoFaults("the query");

        await browser.TabToAsync("Skip to content");
        await browser.TabToAsync("Filter");
        await browser.Page.Keyboard.PressAsync("Control+A");
        await browser.Page.Keyboard.TypeAsync("thing <");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("character");
        browser.RequireNoFaults("a filter that is none", "400");
    }

    [Fact]
    public async Task ASlowQueryIsFoundAndAskedAgainByKeys()
    {
        await using WebServer web = await StartAsync();
        await web.Server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = "shop",
            Texts = { "blue teapot" },
            K = 3,
            EfSearch = 77,
            Filter = new Filter { In = new InClause { Attribute = "thing", Keywords = { "teapot" } } },
            Exclude = new Protocol.V1.Exclusions { Keys = LiveCalls.Keys(9) },
        });
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Wide, ColorScheme.Light);
        await browser.GoAsync("/console/slow");
        await browser.TabToAsync("Index");
        await browser.Page.Keyboard.TypeAsync("shop");
        await browser.SeeAsync("waiting");
        await browser.Page.Locator("tbody tr", new() { HasText = "Search" }).First.GetByRole(AriaRole.Link).FocusAsync();
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("Search of shop");
        await browser.PressAsync("Ask again");
        await browser.SeeAsync("Left out, since nothing here asks it: exclusions");
        Assert.Equal("thing = teapot", await browser.Page.GetByLabel("Filter").InputValueAsync());
        Assert.Equal("77", await browser.Page.GetByLabel("Beam width (ef)").InputValueAsync());
        await browser.RequireSoundAsync("a question that was filled in");
        await browser.PressAsync("Search");
        await browser.SeeAsync("3 results");
        browser.RequireNoFaults("the question asked again");
    }

    [Fact]
    public async Task AGenerationTakesOverAndGoesBackByKeys()
    {
        string imports = samples.NewDirectory();
        await using WebServer web = await StartAsync(imports);
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Wide, ColorScheme.Dark);
        string old = web.Server.GenerationOf("shop");
        string next = await BuildNextAsync(web, Path.Combine(imports, "next.ann"));
        await browser.GoAsync("/console/indexes/shop");

        await browser.PressAsync("Attach");
        await browser.Page.Keyboard.TypeAsync("next.ann");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.SeeAsync("is attached");
        await browser.RequireSoundAsync("two generations");
        await CompareAsync(browser, next);
        await browser.GoAsync("/console/indexes/shop");
        await browser.PressAsync("Promote generation");
        await browser.TabToAsync("p99, at most");
        await browser.Page.Keyboard.TypeAsync("0.000001");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "p99" }).WaitForAsync();
        browser.RequireNoFaults("a refused promotion", "400");
        await browser.RequireSoundAsync("a dialog with a refusal");
        Assert.Equal(old, web.Server.GenerationOf("shop"));
        await browser.TabToAsync("p99, at most");
        await browser.Page.Keyboard.PressAsync("Control+A");
        await browser.Page.Keyboard.PressAsync("Delete");
        await browser.PressAsync("Measure and promote");
        await browser.SeeAsync($"Generation {next[..8]} serves now.");
        await browser.SeeAsync("Overlap with before");
        Assert.Equal(next, web.Server.GenerationOf("shop"));

        await browser.PressAsync("Roll back");
        await browser.PressAsync("Roll back");
        await browser.SeeAsync($"Generation {old[..8]} serves again.");
        Assert.Equal(old, web.Server.GenerationOf("shop"));
        await browser.RequireSoundAsync("after a rollback");
    }

    [Fact]
    public async Task AKeyIsSentByItsTabAloneAndShownNowhere()
    {
        const string Key = "ann_1234_secret";
        await using WebServer web = await StartAsync();
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(web, Phone, ColorScheme.Light);
        await browser.GoAsync("/console/sets");

        await browser.PressAsync("Sign in");
        await browser.Page.Keyboard.TypeAsync(Key);
        await browser.RequireSoundAsync("the dialog of a key");
        IRequest request = await browser.Page.RunAndWaitForRequestAsync(
            () => browser.Page.Keyboard.PressAsync("Enter"),
            static request => request.Url.EndsWith("/v1/indexes", StringComparison.Ordinal));
        await browser.SeeAsync("Sign out");

        Assert.Equal($"Bearer {Key}", (await request.AllHeadersAsync())["authorization"]);
        Assert.DoesNotContain(Key, await browser.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.Equal("", await browser.Page.EvaluateAsync<string>("() => document.cookie + Object.values(localStorage).join()"));
        await browser.PressAsync("Sign out");
        await browser.SeeAsync("Sign in");
        Assert.Equal(0, await browser.Page.EvaluateAsync<int>("() => sessionStorage.length"));
    }

    /// <summary>Opens the latest search among the slow queries, and fills it in again.</summary>
    private static async Task LookAtOneAsync(ConsoleBrowser browser, string view)
    {
        await browser.Page.Locator("tbody tr", new() { HasText = "Search" }).First.GetByRole(AriaRole.Link).ClickAsync();
        await browser.SeeAsync("ann replay slow.jsonl --at");
        await browser.RequireSoundAsync($"a slow query, {view}");
        if (Pictures is not null)
            await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"slow-one-{view}.png"), FullPage = true });
        await browser.GoAsync("/console/slow");
    }

    /// <summary>Asks both generations, which hold the same.</summary>
    private static async Task CompareAsync(ConsoleBrowser browser, string next)
    {
        await browser.GoAsync("/console/query?index=shop");
        await browser.TabToAsync("Compare with");
        await browser.Page.Keyboard.TypeAsync(next[..8]);
        await browser.TabToAsync("Text");
        await browser.TabToAsync("Text");
        await browser.Page.Keyboard.TypeAsync("old kettle");
        await browser.Page.Keyboard.PressAsync("Control+Enter");
        await browser.SeeAsync("overlap 100 %");
        await browser.SeeAsync($"Generation {next[..8]}");
        await browser.RequireSoundAsync("two generations side by side");
        if (Pictures is not null)
            await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, "compared.png"), FullPage = true });
    }

    /// <summary>A server of some things by the embedded encoder, live.</summary>
    private async Task<WebServer> StartAsync(string? imports = null)
    {
        WebServer web = await WebServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.DataDirectory = samples.NewDirectory();
            options.ImportDirectory = imports ?? "";
            options.EmbeddedEncoder = true;
            options.EncoderCacheDirectory = ToolRun.CacheDirectory;
            options.HeadRows = 256;
            options.IndexFiles.Add(FileOf(samples));
            options.SlowQueryFile = Path.Combine(samples.NewDirectory(), "slow.jsonl");
            options.SlowQueryMs = 0;
        });
        EmbedResponse rows = await RowsAsync(web);
        await web.Server.Indexes.CreateAsync(new CreateRequest
        {
            Index = "shop",
            Dimension = rows.Vectors.Dim,
            Metric = Metric.Cosine,
            EncoderName = rows.Encoder,
            EncoderFingerprint = rows.EncoderFingerprint,
            Attributes = { new AttributeField { Name = "thing", Type = AttributeType.Keyword } },
        });
        await web.Server.Ingest.UpsertAsync(new UpsertRequest
        {
            Index = "shop",
            Keys = LiveCalls.Keys([.. Enumerable.Range(1, Texts.Length).Select(static key => (ulong)key)]),
            Vectors = rows.Vectors,
            Attributes = { Column() },
        });
        return web;
    }

    /// <summary>A file, whose segment has a certificate, after the others in the order of their names.</summary>
    private static string FileOf(SampleIndexes samples)
    {
        string path = Path.Combine(samples.NewDirectory(), "tools.ann");
        File.Copy(samples.L2, path);
        return path;
    }

    private static AttributeColumn Column() =>
        new() { Name = "thing", Keywords = { Texts.Select(static text => text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]) } };

    private static async Task<EmbedResponse> RowsAsync(WebServer web) => await web.Server.Retrieval.EmbedAsync(
        new EmbedRequest { Encoder = "default", Texts = { Texts }, Role = TextRole.Document });

    /// <summary>The same items in a file.</summary>
    /// <returns>Its generation.</returns>
    private static async Task<string> BuildNextAsync(WebServer web, string path)
    {
        EmbedResponse rows = await RowsAsync(web);
        int dimension = (int)rows.Vectors.Dim;
        Core.Attributes.AttributeSchema schema =
            WireAttributes.ReadSchema([new AttributeField { Name = "thing", Type = AttributeType.Keyword }]);
        using SegmentBuilder builder = new(Texts.Length, dimension, new SegmentBuildOptions
        {
            Metric = Core.Metric.Cosine,
            EncoderFingerprint = rows.EncoderFingerprint.ToString("x16", CultureInfo.InvariantCulture),
            EncoderName = rows.Encoder,
            Attributes = schema,
        });
        Core.Keys.KeyColumn keys = new(Core.Keys.KeyKind.UInt64);
        float[] values = TextShop.Floats(rows.Vectors);
        for (int i = 0; i < Texts.Length; i++)
        {
            builder.Add(values.AsSpan(i * dimension, dimension));
            keys.Add((ulong)i + 1);
        }
        builder.AddAttributes(WireAttributes.Read([Column()], schema, Texts.Length)!);
        builder.Build(keys);
        builder.Write(PhysicalFileSystem.Instance, path);
        return builder.Generation!;
    }
}
