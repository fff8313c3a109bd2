using Ann.Tests.Server.Web;
using Microsoft.Playwright;

namespace Ann.Tests.Tool.Pages;

/// <summary>
/// Opens the page of a report in a real browser, wide and light, narrow and dark, and as it is printed. Tests that make a page call this
/// at their end: where there is no browser they are skipped then, and say so.
/// </summary>
/// <remarks>With <c>ANN_SCREENSHOTS</c> set to a directory, pictures of every page are left there.</remarks>
internal static class PageInBrowser
{
    private const int Wide = 1280, Narrow = 360;

    /// <summary>Marks that can be seen: points and bars with a size, within their drawing.</summary>
    private const string CountMarks = """
        () => [...document.querySelectorAll('main svg [data-series] circle, main svg [data-series] rect')].filter(mark => {
          const inner = mark.getBoundingClientRect(), outer = mark.ownerSVGElement.getBoundingClientRect();
          return inner.width > 0 && inner.height > 0 && inner.left >= outer.left - 1 && inner.right <= outer.right + 1
            && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
        }).length
        """;

    /// <summary>Texts of a drawing that lie upon each other or are cut off by its edge.</summary>
    private const string FaultyTexts = """
        () => {
          const faults = [];
          for (const svg of document.querySelectorAll('main svg[role=img]')) {
            const outer = svg.getBoundingClientRect();
            const texts = [...svg.querySelectorAll('text')].filter(text => getComputedStyle(text).display !== 'none')
              .map(text => ({ words: text.textContent, box: text.getBoundingClientRect() }));
            for (const { words, box } of texts)
              if (box.left < outer.left - 2 || box.right > outer.right + 2 || box.bottom > outer.bottom + 2)
                faults.push(`'${words}' is cut off`);
            for (let i = 0; i < texts.length; i++)
              for (let j = i + 1; j < texts.length; j++) {
                const a = texts[i].box, b = texts[j].box;
                if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
                  faults.push(`'${texts[i].words}' and '${texts[j].words}' overlap`);
              }
          }
          return faults;
        }
        """;

    /// <summary>Holds a page to what every page keeps.</summary>
    /// <param name="verb">Whose page it is, as on the command line; <see cref="ReportPagesTests"/> wants one call of each.</param>
    /// <param name="path">The page.</param>
    /// <param name="marks">Least number of points and bars that have to be seen.</param>
    public static async Task RequireSoundAsync(string verb, string path, int marks)
    {
        Uri page = new(Path.GetFullPath(path));
        await using ConsoleBrowser browser = await ConsoleBrowser.OpenAsync(page, Wide, ColorScheme.Light);
        await browser.GoAsync(page.ToString());
        Assert.NotEmpty((await browser.Page.Locator("main .headline strong").First.TextContentAsync())!.Trim());
        bool isPlotFirst = await browser.Page.EvaluateAsync<bool>("""
            () => {
              const plot = document.querySelector('main svg[role=img]'), table = document.querySelector('main table');
              return !table || Boolean(plot.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING);
            }
            """);
        Assert.True(isPlotFirst, $"{verb}: a table stands before the plot.");
        await LookAsync(browser, verb, "wide-light", marks);

        await browser.Page.SetViewportSizeAsync(Narrow, 800);
        await browser.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await LookAsync(browser, verb, "narrow-dark", marks);

        await browser.Page.SetViewportSizeAsync(Wide, 800);
        await browser.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light, Media = Media.Print });
        await LookAsync(browser, verb, "print", marks);
    }

    private static async Task LookAsync(ConsoleBrowser browser, string verb, string view, int marks)
    {
        await browser.RequireSoundAsync($"{verb}, {view}");
        int seen = await browser.Page.EvaluateAsync<int>(CountMarks);
        Assert.True(seen >= marks, $"{verb}, {view}: {seen} marks; at least {marks} were expected.");
        string[] faults = await browser.Page.EvaluateAsync<string[]>(FaultyTexts);
        Assert.True(faults.Length == 0, $"{verb}, {view}: {string.Join("; ", faults)}");
        if (ConsoleBrowserTests.Pictures is not { } pictures)
            return;
        string name = verb.Replace(' ', '-').Replace("--", "", StringComparison.Ordinal);
        await browser.Page.ScreenshotAsync(new() { Path = Path.Combine(pictures, $"{name}-{view}.png"), FullPage = true });
    }
}
