namespace Ann.Tests.Clients;

/// <summary>
/// Goal: the package for Node is made from a clean copy by its page's commands; its own tests pass against a server; what it packs is
/// whole, typed, and does what the page says.
/// </summary>
[Collection(typeof(LanguageTests))]
public sealed class NodeClientTests(GuardedShop shop)
{
    private const string Folder = "engine/clients/node";

    /// <summary>What npm says where there is no registry; it would be no fault of the package.</summary>
    private static readonly string[] NoRegistry = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"];

    [Fact]
    public async Task ThePackageIsMadeTestedAndUsedAsItsPageSays()
    {
        LanguageWorkplace.SkipWithout(("node", "nodejs"), ("npm", "npm"));
        using LanguageWorkplace place = new(shop);
        string version = (await place.RunAsync("node --version")).Trim();
        Assert.SkipUnless(Version.Parse(version[1..]) >= new Version(20, 19), $"Node 20.19 or later is not on this machine; {version} is.");
        place.CopyFolder(Folder, static file => !file.Replace('\\', '/').Split('/').Any(static part => part is "node_modules" or "dist"));
        File.Copy(Path.Combine(House.TidyTests.Root, "LICENSE"), place.PathOf("LICENSE"));
        place.Set("ANN_PROGRAM", Path.Combine(AppContext.BaseDirectory, "ann.dll"));
        LanguagePage page = new("node.md");
        Assert.Equal(2, page.Commands.Length);

        (int code, _, string all) = await place.TryAsync(page.Commands[0]);
        string? missing = code == 0 ? null : NoRegistry.FirstOrDefault(sign => all.Contains(sign, StringComparison.Ordinal));
        Assert.SkipWhen(missing is not null, $"The registry of npm cannot be reached ({missing}).");
        Assert.True(code == 0, $"exit code {code} of:\n{all}");

        // Installed from what was packed alone, the page's program runs, and TypeScript finds its types.
        place.Write("rank.mjs", page.Program("js", shop.Address));
        Assert.Equal(LanguagePage.Answer, await place.RunAsync(page.Commands[1]));
        await place.RunAsync($"""
            cp rank.mjs rank.mts
            {Folder}/node_modules/.bin/tsc --noEmit --strict --target es2023 --module nodenext \
              --typeRoots {Folder}/node_modules/@types --types node rank.mts
            """);

        string tests = await place.RunAsync($"cd {Folder} && npm test");
        Assert.Contains("# fail 0", tests, StringComparison.Ordinal);
        Assert.Contains("# skipped 0", tests, StringComparison.Ordinal);
    }
}
