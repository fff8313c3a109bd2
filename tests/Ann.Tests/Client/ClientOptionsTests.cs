using Ann.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ann.Tests.Client;

/// <summary>Goal: options that cannot work are told when a client is made, all of them, with what was expected and found.</summary>
public sealed class ClientOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:50051")]
    [InlineData("https://ann.example:443/")]
    [InlineData("unix:///run/ann.sock")]
    [InlineData("dns:///ann.example:50051")]
    [InlineData("static:///10.0.0.1:50051,10.0.0.2:50051")]
    [InlineData("static:///[::1]:50051")]
    public void AddressesThatAreTaken(string address) => Assert.Empty(new AnnClientOptions { Address = address }.Validate());

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:50051")]
    [InlineData("ftp://ann.example:21")]
    [InlineData("http://ann.example/path")]
    [InlineData("unix://relative.sock")]
    [InlineData("dns:///ann.example")]
    [InlineData("static:///a:1,b")]
    [InlineData("static:///")]
    public void AddressesThatAreRefused(string address)
    {
        string fault = Assert.Single(new AnnClientOptions { Address = address }.Validate());
        Assert.Contains($"'{address}'", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void AllFaultsAreToldAtOnce()
    {
        AnnClientOptions options = new()
        {
            Address = "nowhere",
            ApiKey = "two words",
            ReadTimeout = TimeSpan.Zero,
            WriteTimeout = TimeSpan.FromSeconds(-5),
            MaxAttempts = 9,
            HedgingDelay = TimeSpan.FromHours(1),
            Connections = 0,
            MaxReplyBytes = 0,
        };
        ArgumentException thrown = Assert.Throws<ArgumentException>(() => new AnnClient(options));
        foreach (string name in new[]
        {
            "Address", "ApiKey", "ReadTimeout", "WriteTimeout", "MaxAttempts", "HedgingDelay", "Connections", "MaxReplyBytes",
        })
            Assert.Contains(name + " is", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("two words", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://ann.example:50051")]
    [InlineData("dns:///ann.example:50051")]
    [InlineData("static:///10.1.2.3:50051")]
    public void AKeyIsNotSentInTheClearToOtherMachines(string address)
    {
        string fault = Assert.Single(new AnnClientOptions { Address = address, ApiKey = "key" }.Validate());
        Assert.Contains("ApiKey", fault, StringComparison.Ordinal);
        Assert.Empty(new AnnClientOptions { Address = "https://ann.example:50051", ApiKey = "key" }.Validate());
        Assert.Empty(new AnnClientOptions { Address = "dns:///ann.example:50051", UseTls = true, ApiKey = "key" }.Validate());
        Assert.Empty(new AnnClientOptions { Address = "http://127.0.0.1:50051", ApiKey = "key" }.Validate());
    }

    [Fact]
    public void ClientsAreServices()
    {
        ServiceCollection services = new();
        services.AddAnnClient(static options => options.Address = "http://127.0.0.1:1");
        services.AddAnnClient("other", static options => options.Address = "http://127.0.0.1:2");
        services.AddAnnClient("wrong", static options => options.Connections = 0);
        using ServiceProvider provider = services.BuildServiceProvider();
        AnnClient one = provider.GetRequiredService<AnnClient>();
        AnnClient other = provider.GetRequiredKeyedService<AnnClient>("other");
        Assert.Same(one, provider.GetRequiredService<AnnClient>());
        Assert.Equal(("http://127.0.0.1:1", "http://127.0.0.1:2"), (one.Options.Address, other.Options.Address));
        OptionsValidationException wrong =
            Assert.Throws<OptionsValidationException>(() => provider.GetRequiredKeyedService<AnnClient>("wrong"));
        Assert.Equal(2, wrong.Failures.Count());
    }
}
