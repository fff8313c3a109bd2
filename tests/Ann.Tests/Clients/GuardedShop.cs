using System.Globalization;
using Ann.Tests.Server.Access;
using Ann.Tests.Tool;

namespace Ann.Tests.Clients;

/// <summary>
/// The tests that follow pages. Nothing else runs beside them: their programs have deadlines of a second, as a page should show, and
/// compilers of their own.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class LanguageTests : ICollectionFixture<GuardedShop>;

/// <summary>The server that the pages of <c>engine/docs/clients</c> ask for: with TLS, a key, and an empty index "shop".</summary>
public sealed class GuardedShop : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-pages-");
    private Serving? _serving;

    /// <summary>Host and port, as a program that checks certificates names them.</summary>
    public string Address =>
        string.Create(CultureInfo.InvariantCulture, $"localhost:{new Uri(_serving!.Address).Port}");

    /// <summary>A key that may do all.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Who issued the server's certificate, PEM.</summary>
    public string Authorities { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        using TestAuthority authority = new("the authority");
        Authorities = authority.Pem;
        (string certificate, string key) = authority.Server();
        await File.WriteAllTextAsync(PathOf("server.pem"), certificate + "\n" + key);
        await File.WriteAllTextAsync(PathOf("ca.pem"), Authorities);
        ToolRun made = await ToolRun.RunAsync("keys", "create", "--api-keys", PathOf("keys.json"), "--name", "me", "--grant", "admin:*");
        Key = made.Expect(0).Out.Trim();
        _serving = await Serving.StartAsync(
            "--data", PathOf("data"), "--tls-cert", PathOf("server.pem"), "--api-keys", PathOf("keys.json"),
            "--embedded-encoder", "false");
        (await ToolRun.RunAsync(
            "create", "--address", $"https://{Address}", "--ca", PathOf("ca.pem"), "--api-key", Key, "--index", "shop",
            "--dim", "3", "--metric", "cosine", "--attributes", "brand:keyword,price:double")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_serving is not null)
            await _serving.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
