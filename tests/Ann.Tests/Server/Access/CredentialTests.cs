using Ann.Core;
using Ann.Server.Access;
using Ann.Tests.Exclusions;
using Microsoft.AspNetCore.Authentication;

namespace Ann.Tests.Server.Access;

/// <summary>Goal: keys and grants are what their files say, and files that say something else are refused.</summary>
public sealed class CredentialTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("read:shop", "shop", true)]
    [InlineData("read:shop", "shop@0123456789abcdef", true)]
    [InlineData("read:shop", "shop2", false)]
    [InlineData("read:shop", "Shop", false)]
    [InlineData("read:shop", "", false)]
    [InlineData("read:shop*", "shop", true)]
    [InlineData("read:shop*", "shop.eu-1", true)]
    [InlineData("read:shop*", "ashop", false)]
    [InlineData("read:*.eu", "shop.eu", true)]
    [InlineData("read:*.eu", "shop.eu.old", false)]
    [InlineData("read:a*b*c", "axxbyyc", true)]
    [InlineData("read:a*b*c", "axxbyy", false)]
    [InlineData("read:*", "anything", true)]
    [InlineData("read:shop", "*", false)]
    public void PatternsFitNames(string grant, string index, bool fits)
    {
        Assert.True(Grant.TryParse(grant, out Grant one));
        Assert.Equal(fits, new Grants([one]).Allow(AccessRole.Read, index));
        Assert.Equal(grant, one.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("read")]
    [InlineData("read:")]
    [InlineData(":shop")]
    [InlineData("Read:shop")]
    [InlineData("reads:shop")]
    [InlineData("2:shop")]
    [InlineData("read:shop?")]
    [InlineData("read:sh\\op")]
    [InlineData("read:shop@x")]
    [InlineData("read: shop")]
    [InlineData(null)]
    public void WhatIsNoGrantIsNone(string? text) => Assert.False(Grant.TryParse(text, out _));

    [Theory]
    [InlineData(AccessRole.Read, true, false, false)]
    [InlineData(AccessRole.Write, true, true, false)]
    [InlineData(AccessRole.Admin, true, true, true)]
    public void ARoleHasTheOnesBeforeIt(object role, bool read, bool write, bool admin)
    {
        Grants grants = new([new Grant((AccessRole)role, "shop")]);

        Assert.Equal([read, write, admin], Enum.GetValues<AccessRole>().Select(wanted => grants.Allow(wanted, "shop")));
        Assert.Equal([read, write, admin], Enum.GetValues<AccessRole>().Select(grants.AllowAny));
        Assert.DoesNotContain(true, Enum.GetValues<AccessRole>().Select(grants.AllowAll));
        Assert.False(Grants.None.AllowAny(AccessRole.Read));
        Assert.True(Grants.All.AllowAll(AccessRole.Admin));
    }

    [Fact]
    public void AKeyIsGoodUntilItEndsAndItsFormerSecretsUntilTheirs()
    {
        (string first, ApiKeySecret old) = ApiKey.NewSecret(7, Now);
        (string second, ApiKeySecret current) = ApiKey.NewSecret(7, Now);
        ApiKey key = Key(7, old with { Until = Now.AddHours(1) }, current) with { Expires = Now.AddHours(2) };
        KeyRing ring = new(new ApiKeyFile(1, [key]), "scheme");

        Assert.True(ring.Look(first, Now).Succeeded);
        Assert.True(ring.Look(second, Now).Succeeded);
        Assert.Equal("The API key 0000000000000007 has expired.", ring.Look(first, Now.AddHours(1)).Failure!.Message);
        Assert.True(ring.Look(second, Now.AddHours(1)).Succeeded);
        Assert.Equal("The API key 0000000000000007 has expired.", ring.Look(second, Now.AddHours(2)).Failure!.Message);

        KeyRing revoked = new(new ApiKeyFile(1, [key with { Revoked = Now }]), "scheme");
        Assert.Equal("The API key 0000000000000007 was revoked.", revoked.Look(second, Now).Failure!.Message);
        // Who has not the secret is told nothing of the key.
        Assert.Equal("The API key is not known here.", revoked.Look(second[..^1] + (second[^1] == 'A' ? 'E' : 'A'), Now).Failure!.Message);
        Assert.Equal("The API key is not known here.", revoked.Look(ApiKeyText.Of(8, new byte[32]), Now).Failure!.Message);
    }

    [Fact]
    public void LookingAtAKeyAllocatesNothing()
    {
        (string text, ApiKeySecret secret) = ApiKey.NewSecret(7, Now);
        KeyRing ring = new(new ApiKeyFile(1, [Key(7, secret)]), "scheme");
        string wrong = ApiKeyText.Of(7, new byte[32]);
        AuthenticateResult? found = null;

        long bytes = Allocations.OfSteady(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                found = ring.Look(text, Now);
                found = ring.Look(wrong, Now);
            }
        });

        Assert.Equal(0, bytes);
        Assert.False(found!.Succeeded);
    }

    [Fact]
    public void AFileHoldsNoSecret()
    {
        (string text, ApiKeySecret secret) = ApiKey.NewSecret(7, Now);
        Ann.Tests.Files.SimulatedFileSystem files = SetFixture.NewFiles();
        new ApiKeyFile(1, [Key(7, secret)]).Write(files, "/shop/keys.json");

        using StreamReader reader = new(files.OpenRead("/shop/keys.json"));
        string content = reader.ReadToEnd();

        byte[] bytes = new byte[32];
        Assert.True(ApiKeyText.TryRead(text, out ulong id, bytes));
        Assert.Equal(7ul, id);
        Assert.DoesNotContain(text[^43..], content, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(bytes)[..40], content, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(bytes), content, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ApiKeyFile.Read(files, "/shop/keys.json").Keys[0].Secrets[0].Hash, secret.Hash);
    }

    [Theory]
    [InlineData("", "no file of API keys")]
    [InlineData("[]", "no file of API keys")]
    [InlineData("null", "version is ;")]
    [InlineData("""{"version":2,"keys":[]}""", "version is 2; this build reads version 1")]
    [InlineData("""{"version":1}""", "no file of API keys")]
    [InlineData("""{"version":1,"keys":[],"more":1}""", "no file of API keys")]
    [InlineData("""{"version":1,"keys":[KEY,KEY]}""", "there are two of that id")]
    [InlineData("""{"version":1,"keys":[null]}""", "a key that is null")]
    [InlineData("ID=xyz", "16 hex digits")]
    [InlineData("ID=0123456789ABCDEF", "16 hex digits")]
    [InlineData("GRANT=everything", "'everything' is no grant")]
    [InlineData("NAME=a b", "its name must be")]
    [InlineData("SALT=AAAA", "a salt of at least 16 bytes")]
    [InlineData("HASH=AAAA", "a hash of 32")]
    public void AFileOfSomethingElseIsRefused(string content, string reason)
    {
        const string Key = """
            {"id":"ID","name":"NAME","grants":["GRANT"],"created":"2026-11-30T00:00:00Z",
            "secrets":[{"salt":"SALT","hash":"HASH","created":"2026-11-30T00:00:00Z"}]}
            """;
        Dictionary<string, string> values = new()
        {
            ["ID"] = "0123456789abcdef",
            ["NAME"] = "a",
            ["GRANT"] = "read:*",
            ["SALT"] = Convert.ToBase64String(new byte[16]),
            ["HASH"] = Convert.ToBase64String(new byte[32]),
        };
        if (content.Split('=') is [string spoilt, string value])
        {
            values[spoilt] = value;
            content = """{"version":1,"keys":[KEY]}""";
        }
        string key = values.Aggregate(
            Key, static (text, pair) => text.Replace($"\"{pair.Key}\"", $"\"{pair.Value}\"", StringComparison.Ordinal));

        AnnException e = Assert.Throws<AnnException>(() =>
            ApiKeyFile.Parse("keys.json", System.Text.Encoding.UTF8.GetBytes(content.Replace("KEY", key, StringComparison.Ordinal))));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.StartsWith("keys.json: ", e.Message);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "")]
    [InlineData("""{"version":1,"certificates":[{"grants":["read:*"]}]}""", "subject, dns, uri")]
    [InlineData("""{"version":1,"certificates":[{"subject":"CN=a","dns":"a","grants":["read:*"]}]}""", "subject, dns, uri")]
    [InlineData("""{"version":1,"certificates":[{"subject":"CN=a","grants":["all"]}]}""", "'all' is no grant")]
    [InlineData("""{"version":1,"words":[{"word":"a","grants":["all"]}]}""", "'all' is no grant")]
    [InlineData("""{"version":1,"words":[{"word":"a","grants":[null]}]}""", "'' is no grant")]
    [InlineData("""{"version":1,"words":[null]}""", "an entry that is null")]
    [InlineData("""{"version":1,"words":[{"word":"a","grants":["read:*"],"except":["read:b"]}]}""", "except")]
    public void GrantsOfSomethingElseAreRefused(string content, string reason)
    {
        AnnException e = Assert.Throws<AnnException>(() => GrantsFile.Parse("grants.json", System.Text.Encoding.UTF8.GetBytes(content)));
        Assert.StartsWith("grants.json: ", e.Message);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TextsThatAreNoKeysAreNone()
    {
        (string text, _) = ApiKey.NewSecret(7, Now);
        byte[] secret = new byte[32];
        Assert.True(ApiKeyText.TryRead(text, out _, secret));
        foreach (string spoilt in new[]
        {
            "", text[1..], text + "A", text.Replace('_', '-'), text[..7] + "g" + text[8..], text[..^1] + "!", text[..^1] + "é",
            text.ToUpperInvariant(),
        })
        {
            Assert.False(ApiKeyText.TryRead(spoilt, out _, secret), spoilt);
        }
    }

    private static ApiKey Key(ulong id, params ApiKeySecret[] secrets) => new()
    {
        Id = ApiKeyText.OfId(id),
        Name = "test",
        Grants = ["read:*"],
        Created = Now,
        Secrets = secrets,
    };
}
