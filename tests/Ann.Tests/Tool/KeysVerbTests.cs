using System.Text.Json;
using Ann.Server.Access;
using Ann.Tests.Exclusions;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: keys are made, changed and ended by <c>ann keys</c>, and no secret is told a second time.</summary>
public sealed class KeysVerbTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-keys-");
    private readonly ManualTime _time = new();

    private string KeyFile => Path.Combine(_folder.FullName, "keys.json");

    [Fact]
    public async Task AKeyIsShownOnceAloneOnStandardOutput()
    {
        ToolRun made = (await RunAsync("create", "--name", "ranking", "--grant", "read:shop*", "--expires", "90d")).Expect(0);

        string key = made.Out.TrimEnd();
        Assert.Matches("^annkey_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$", key);
        Assert.DoesNotContain(key[^43..], made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(key[^43..], File.ReadAllText(KeyFile), StringComparison.Ordinal);
        ToolRun listed = (await RunAsync("list")).Expect(0);
        Assert.DoesNotContain(key[^43..], listed.Out, StringComparison.Ordinal);
        Assert.Equal(
            $"key {key[7..23]} (ranking): good, read:shop*, since 2026-11-25 12:00:00Z, until 2027-02-23 12:00:00Z\n",
            listed.Out.ReplaceLineEndings("\n"));
        Assert.True(Ring().Look(key, _time.Now).Succeeded);
        Assert.False(Ring().Look(key, _time.Now.AddDays(90)).Succeeded);
    }

    [Fact]
    public async Task ARotatedKeyHasTwoSecretsForAWhile()
    {
        string old = (await RunAsync("create", "--name", "a", "--grant", "admin:*")).Expect(0).Out.TrimEnd();
        string id = old[7..23];

        JsonElement rotated = (await RunAsync("rotate", "--id", id, "--grace", "2h", "--json")).Expect(0).Json;

        string current = rotated.GetProperty("key").GetString()!;
        Assert.Equal(_time.Now.AddHours(2), rotated.GetProperty("previous_until").GetDateTimeOffset());
        Assert.True(Ring().Look(old, _time.Now).Succeeded);
        Assert.True(Ring().Look(current, _time.Now).Succeeded);
        Assert.False(Ring().Look(old, _time.Now.AddHours(2)).Succeeded);

        // A second rotation does not lengthen the life of the first secret, and drops it once it is over.
        string third = (await RunAsync("rotate", "--id", id, "--grace", "24h")).Expect(0).Out.TrimEnd();
        Assert.False(Ring().Look(old, _time.Now.AddHours(2)).Succeeded);
        _time.Now += TimeSpan.FromHours(3);
        string last = (await RunAsync("rotate", "--id", id, "--grace", "0")).Expect(0).Out.TrimEnd();
        Assert.Single(ApiKeyFile.Read(Ann.Core.Files.PhysicalFileSystem.Instance, KeyFile).Keys[0].Secrets);
        Assert.False(Ring().Look(third, _time.Now).Succeeded);
        Assert.True(Ring().Look(last, _time.Now).Succeeded);
    }

    [Fact]
    public async Task AKeyIsRevokedForGoodAndGivenAnotherEnd()
    {
        string key = (await RunAsync("create", "--name", "a", "--grant", "read:a", "--grant", "write:b", "--json")).Expect(0)
            .Json.GetProperty("key").GetString()!;
        string id = key[7..23];
        (await RunAsync("expire", "--id", id, "--at", "2026-12-01")).Expect(0);
        Assert.False(Ring().Look(key, new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero)).Succeeded);
        (await RunAsync("expire", "--id", id, "--at", "never")).Expect(0);
        Assert.True(Ring().Look(key, _time.Now.AddYears(50)).Succeeded);

        (await RunAsync("revoke", "--id", id)).Expect(0);
        (await RunAsync("revoke", "--id", id)).Expect(0);

        Assert.False(Ring().Look(key, _time.Now).Succeeded);
        (await RunAsync("rotate", "--id", id)).ExpectRefusal(id, "revoked");
        (await RunAsync("expire", "--id", id, "--at", "1d")).ExpectRefusal(id, "revoked");
        JsonElement listed = (await RunAsync("list", "--json")).Expect(0).Json.GetProperty("keys")[0];
        Assert.Equal("revoked", listed.GetProperty("state").GetString());
        Assert.Equal(["read:a", "write:b"], listed.GetProperty("grants").EnumerateArray().Select(static one => one.GetString()));
        Assert.False(listed.TryGetProperty("key", out _));
    }

    [Theory]
    [InlineData("create --name a --grant everything", "--grant is 'everything'")]
    [InlineData("create --name a/b --grant read:*", "its name must be")]
    [InlineData("create --name a --grant read:* --expires soon", "--expires is 'soon'")]
    [InlineData("create --name a --grant read:* --expires 99999d", "--expires is '99999d'")]
    [InlineData("create --name taken --grant read:*", "is called 'taken' too")]
    [InlineData("rotate --id 0123456789abcdef", "no key has the id '0123456789abcdef'")]
    [InlineData("rotate --id 0123456789abcdef --grace long", "--grace is 'long'")]
    [InlineData("revoke --id x", "no key has the id 'x'")]
    public async Task WhatCannotBeDoneIsSaidAndChangesNothing(string line, string reason)
    {
        (await RunAsync("create", "--name", "taken", "--grant", "read:*")).Expect(0);
        string before = File.ReadAllText(KeyFile);

        (await RunAsync(line.Split(' '))).ExpectRefusal(reason);

        Assert.Equal(before, File.ReadAllText(KeyFile));
    }

    [Fact]
    public async Task AChangeThatTheDiskRefusesLeavesTheFileAsItWas()
    {
        (await RunAsync("create", "--name", "first", "--grant", "read:*")).Expect(0);
        string before = File.ReadAllText(KeyFile);

        ToolContext full = World() with { Files = new FaultyFileSystem(freeBytes: 100) };
        ToolRun run = await ToolRun.RunAsync(
            full, CancellationToken.None, "keys", "create", "--api-keys", KeyFile, "--name", "second", "--grant", "read:*");

        run.ExpectRefusal("No space left on device");
        Assert.Equal(before, File.ReadAllText(KeyFile));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private KeyRing Ring() => new(ApiKeyFile.Read(Ann.Core.Files.PhysicalFileSystem.Instance, KeyFile), "scheme");

    private ToolContext World() =>
        new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory, Time = _time };

    private Task<ToolRun> RunAsync(params string[] args) =>
        ToolRun.RunAsync(World(), CancellationToken.None, ["keys", args[0], "--api-keys", KeyFile, .. args[1..]]);
}
