using System.CommandLine;
using Ann.Tests.Server;
using Ann.Tests.Server.Access;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: every verb that calls a server can be let in by one that asks for TLS and a credential.</summary>
[Collection<ServerTests>]
public sealed class ConnectionOptionsTests(SampleIndexes samples)
{
    private static ToolContext World =>
        new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };

    [Fact]
    public void EveryVerbThatTakesAnAddressTakesACredential()
    {
        string[] with = ["--api-key", "--ca", "--client-cert", "--client-key"];
        Command[] calling = [.. Verbs(CommandLine.Root(World)).Where(static verb => verb.Options.Any(
            static option => option is { Name: "--address" or "--ops", Hidden: false }))];

        Assert.True(calling.Length > 15);
        Assert.All(calling, verb => Assert.Superset(with.ToHashSet(), verb.Options.Select(static option => option.Name).ToHashSet()));
    }

    [Fact]
    public async Task AVerbIsLetInByAKeyATokenOrACertificate()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, _) = server.NewKey("reader", "read:*");
        server.LookAtFiles();
        File.WriteAllText(server.PathOf("key"), key + "\n");
        File.WriteAllText(server.PathOf("token"), server.Token("read:*"));
        (string certificate, string secret) = server.Authority.Client("CN=ranking, O=Shop");
        File.WriteAllText(server.PathOf("client.pem"), certificate);
        File.WriteAllText(server.PathOf("client.key"), secret);
        File.WriteAllText(server.PathOf("both.pem"), certificate + "\n" + secret);
        string[] list = ["list", "--address", new Uri(server.Host.Address).Authority, "--ca", server.PathOf("ca.pem")];

        (await ToolRun.RunAsync([.. list, "--api-key", key])).Expect(0);
        (await ToolRun.RunAsync([.. list, "--api-key", "@" + server.PathOf("key")])).Expect(0);
        (await ToolRun.RunAsync([.. list, "--api-key", "@" + server.PathOf("token")])).Expect(0);
        (await RunAsync(key, list)).Expect(0);
        (await RunAsync("@" + server.PathOf("key"), list)).Expect(0);
        ToolRun seen = await ToolRun.RunAsync(
            [.. list, "--client-cert", server.PathOf("client.pem"), "--client-key", server.PathOf("client.key")]);
        Assert.Contains("plain", seen.Expect(0).Out, StringComparison.Ordinal);
        (await ToolRun.RunAsync([.. list, "--client-cert", server.PathOf("both.pem")])).Expect(0);

        (await ToolRun.RunAsync(list)).ExpectRefusal("Unauthenticated", "The call has no credential", "--api-key or ANN_API_KEY");
        ToolRun wrong = await ToolRun.RunAsync([.. list, "--api-key", key[..^1] + (key[^1] == 'A' ? 'E' : 'A')]);
        wrong.ExpectRefusal("Unauthenticated", "not known here");
        Assert.DoesNotContain(key[^20..^1], wrong.Error, StringComparison.Ordinal);
        (await ToolRun.RunAsync("list", "--address", server.Host.Address, "--api-key", key)).ExpectRefusal("certificate", "--ca names");
    }

    [Fact]
    public async Task LoadGoesTheSameWay()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, _) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();
        string queries = server.PathOf("queries.jsonl");
        File.WriteAllLines(queries, samples.Rows.Take(8).Select(static (row, i) =>
            $$"""{"id": {{i}}, "vector": {{System.Text.Json.JsonSerializer.Serialize(row)}}}"""));

        ToolRun run = await RunAsync(key,
            ["load", "--server", server.Host.Address, "--ca", server.PathOf("ca.pem"), "--index", "plain", "--queries", queries,
             "--closed", "--duration", "100ms", "--warmup", "0s", "--json"]);

        Assert.True(run.Expect(0).Json.GetProperty("runs")[0].GetProperty("answered").GetInt64() > 0, run.Out);
    }

    [Theory]
    [InlineData("--api-key annkey_secret --address http://ann.example.org:50051", "https alone")]
    [InlineData("--api-key annkey_secret --address ann.example.org:50051", "https alone")]
    [InlineData("--ca ca.pem --address http://127.0.0.1:50051", "https addresses")]
    [InlineData("--client-key key.pem --address https://127.0.0.1:50051", "--client-cert")]
    [InlineData("--ca nothing.pem --address 127.0.0.1:50051", "nothing.pem")]
    [InlineData("--api-key @nothing.key", "nothing.key")]
    public async Task WhatCannotWorkIsRefusedAndNoKeyIsTold(string options, string reason)
    {
        ToolRun run = await ToolRun.RunAsync(["list", .. options.Split(' ')]);

        run.ExpectRefusal(reason);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyThatIsNoneIsRefusedWithoutBeingTold()
    {
        ToolRun run = await RunAsync("two words", ["list"]);

        run.ExpectRefusal("ANN_API_KEY holds no API key");
        Assert.DoesNotContain("words", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("two words", (World with { ApiKey = "two words" }).ToString(), StringComparison.Ordinal);
    }

    private static Task<ToolRun> RunAsync(string key, string[] args) =>
        ToolRun.RunAsync(World with { ApiKey = key }, CancellationToken.None, args);

    private static IEnumerable<Command> Verbs(Command command) => command.Subcommands.SelectMany(Verbs).Prepend(command);
}
