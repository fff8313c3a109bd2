using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Ann.Tests.Server.Web;

/// <summary>
/// A page of Chromium, as a person without a mouse has it. Whatever goes wrong in it by itself is kept, and fails the test: an error on its
/// console, a request that failed, a request to anybody but the server.
/// </summary>
internal sealed class ConsoleBrowser : IAsyncDisposable
{
    private const string Missing =
        "No Chromium is there (Debian: apt-get install chromium; elsewhere name one in CHROMIUM): the console was opened in no browser.";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _faults = [];

    private ConsoleBrowser(IPlaywright playwright, IBrowser browser, IPage page, Uri server)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _faults.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => _faults.Add($"script: {error}");
        page.RequestFailed += (_, request) =>
        {
            if (request.Failure != "net::ERR_ABORTED") // a look that was given up when its page was left
                _faults.Add($"failed: {request.Url}: {request.Failure}");
        };
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != server.Authority)
                _faults.Add($"elsewhere: {request.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Opens a browser; where there is none the test is skipped, and says so.</summary>
    public static Task<ConsoleBrowser> OpenAsync(WebServer web, int width, ColorScheme scheme) =>
        OpenAsync(new Uri(web.Server.Host.WebAddress!), width, scheme);

    /// <summary>The same, of any site.</summary>
    public static async Task<ConsoleBrowser> OpenAsync(Uri server, int width, ColorScheme scheme)
    {
        string? program = Program();
        Assert.SkipWhen(program is null, Missing);
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions
        {
            BaseURL = server.ToString(),
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
        });
        return new ConsoleBrowser(playwright, browser, page, server);
    }

    /// <summary>Opens a path and waits until its page is there.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await SettleAsync();
    }

    /// <summary>Waits until a page is there.</summary>
    public Task SettleAsync() => Page.WaitForFunctionAsync(
        "() => document.querySelector('main h1') && !document.querySelector('main').hasAttribute('aria-busy')");

    /// <summary>Presses the tabulator until something with a name has the focus.</summary>
    public async Task TabToAsync(string name)
    {
        const string NameOfFocus = """
            () => {
              const e = document.activeElement;
              return e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent;
            }
            """;
        for (int i = 0; i < 120; i++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if ((await Page.EvaluateAsync<string>(NameOfFocus)).Trim().StartsWith(name, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"no tabulator leads to '{name}'");
    }

    /// <summary>Goes to something and presses the enter key.</summary>
    public async Task PressAsync(string name)
    {
        await TabToAsync(name);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Waits for a text on the page.</summary>
    public Task SeeAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    /// <summary>Nothing is against the rules of axe, and nothing is wider than the window.</summary>
    public async Task RequireSoundAsync(string where)
    {
        AxeResult result = await Page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{where}: {string.Join('\n', result.Violations.Select(static violation =>
            $"{violation.Id}: {violation.Help}: {string.Join(", ", violation.Nodes.Select(static node => node.Html))}"))}");
        int wider = await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth");
        Assert.True(wider <= 0, $"{where} is {wider} pixels wider than the window");
        RequireNoFaults(where);
    }

    /// <summary>Nothing went wrong by itself; claims what was expected to.</summary>
    public void RequireNoFaults(string where, string? expected = null)
    {
        if (expected is not null)
            Assert.Equal(1, _faults.RemoveAll(fault => fault.Contains(expected, StringComparison.Ordinal)));
        Assert.True(_faults.Count == 0, $"{where}: {string.Join('\n', _faults)}");
    }

    /// <summary>Forgets what went wrong because a test made it: whatever holds a text.</summary>
    public void Forgive(string expected) => _faults.RemoveAll(fault => fault.Contains(expected, StringComparison.Ordinal));

    /// <summary>Answers calls in the place of the server.</summary>
    public Task AnswerAsync(string path, int status, string json) => Page.RouteAsync(path, route => route.FulfillAsync(
        new RouteFulfillOptions { Status = status, Body = json, ContentType = "application/json" }));

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private static string? Program() => new[] { Environment.GetEnvironmentVariable("CHROMIUM") }
        .Concat(
            from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            from name in new[] { "chromium", "chromium-browser", "google-chrome" }
            select Path.Combine(folder, name))
        .FirstOrDefault(static path => !string.IsNullOrEmpty(path) && File.Exists(path));
}
