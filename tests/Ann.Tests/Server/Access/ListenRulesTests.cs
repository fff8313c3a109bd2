using Ann.Server;
using Ann.Server.Access;
using Ann.Server.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace Ann.Tests.Server.Access;

/// <summary>Goal: nobody opens a server to a network by mistake, and a server of the loopback pays for none of it.</summary>
[Collection<ServerTests>]
public sealed class ListenRulesTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("0.0.0.0:50051", false, false,
        "encryption (TlsCertificateFile) and authentication (ApiKeyFile, JwtIssuer or ClientCaFile)")]
    [InlineData("192.168.1.7:50051", true, false, "authentication (ApiKeyFile, JwtIssuer or ClientCaFile)")]
    [InlineData("[::]:50051", false, true, "encryption (TlsCertificateFile)")]
    public void AnAddressThatOthersReachTakesEncryptionAndAuthentication(string listen, bool hasTls, bool hasKeys, string missing)
    {
        ServerOptions options = Options(listen, hasTls, hasKeys);

        string fault = Assert.Single(new SettingsTogether().Validate(null, options).Failures!);

        Assert.StartsWith($"Listen is {listen}, which other machines reach, without {missing}. ", fault);
        Assert.Contains("--insecure-listen", fault, StringComparison.Ordinal);
        options.InsecureListen = true;
        Assert.True(new SettingsTogether().Validate(null, options).Succeeded);
    }

    [Theory]
    [InlineData("0.0.0.0:50051", true, true)]
    [InlineData("127.0.0.1:50051", false, false)]
    [InlineData("[::1]:50051", false, true)]
    public void WithBothOrOnTheLoopbackNothingIsAsked(string listen, bool hasTls, bool hasKeys) =>
        Assert.True(new SettingsTogether().Validate(null, Options(listen, hasTls, hasKeys)).Succeeded);

    [Theory]
    [InlineData(nameof(ServerOptions.TlsKeyFile))]
    [InlineData(nameof(ServerOptions.TlsPassword))]
    [InlineData(nameof(ServerOptions.ClientCaFile))]
    [InlineData(nameof(ServerOptions.GrantsFile))]
    [InlineData(nameof(ServerOptions.JwtIssuer))]
    [InlineData(nameof(ServerOptions.JwtAudience))]
    public void WhatMakesNoSenseAloneIsRefused(string name)
    {
        ServerOptions options = new();
        typeof(ServerOptions).GetProperty(name)!.SetValue(options, "something");

        string fault = Assert.Single(new SettingsTogether().Validate(null, options).Failures!);

        Assert.Contains(name, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("something", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://issuer.example/keys", false)]
    [InlineData("ftp://issuer.example/keys", false)]
    [InlineData("https://issuer.example/keys", true)]
    [InlineData("http://127.0.0.1:1/keys", true)]
    [InlineData("/etc/ann/jwks.json", true)]
    public void KeysOfTokensComeOverNothingThatCanBeChangedOnTheWay(string keys, bool isGood) => Assert.Equal(
        isGood,
        new SettingsTogether().Validate(null, new ServerOptions { JwtIssuer = "a", JwtAudience = "b", JwtKeys = keys }).Succeeded);

    /// <summary>Search performance with everything off must not change: no middleware, no service of authentication.</summary>
    [Fact]
    public async Task AServerThatAuthenticatesNobodyHasNothingOfItInItsPipeline()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        Assert.Null(server.Host.Services.GetService<IAuthenticationSchemeProvider>());
        Assert.Null(server.Host.Services.GetService<Microsoft.AspNetCore.Authorization.IAuthorizationHandlerProvider>());
        Assert.Null(server.Host.Services.GetService<AccessInterceptor>());
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    /// <summary>The server warms itself up by calls of its own, which nobody else could make.</summary>
    [Fact]
    public async Task OwnCallsAreLetInWhereOthersAreAsked()
    {
        string keys = Path.Combine(samples.NewDirectory(), "keys.json");
        ApiKeyFile.Empty.Write(Ann.Core.Files.PhysicalFileSystem.Instance, keys);
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.ApiKeyFile = keys;
            options.WarmUpCalls = 48;
        });

        Assert.Equal([48, 3], server.Log.Of(34).Select(static line => (int)line.Values["Calls"]!));
        Grpc.Core.RpcException e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () =>
            await server.Retrieval.SearchAsync(RunningServer.Request(samples)));
        Assert.Equal(Grpc.Core.StatusCode.Unauthenticated, e.StatusCode);
    }

    [Fact]
    public async Task OneThatIsOpenToAllSaysSo()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            options.Listen = "0.0.0.0:0";
            options.InsecureListen = true;
        });

        Assert.Contains("without encryption (TlsCertificateFile) and authentication", Assert.Single(server.Log.Of(31)).Text,
            StringComparison.Ordinal);
    }

    private static ServerOptions Options(string listen, bool hasTls, bool hasKeys) => new()
    {
        Listen = listen,
        TlsCertificateFile = hasTls ? "server.pem" : "",
        ApiKeyFile = hasKeys ? "keys.json" : "",
    };
}
