using Ann.Core;
using Ann.Tool.Remote;

namespace Ann.Tests.Tool;

/// <summary>Goal: who mistypes is told what was meant, and never that all is well.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("buidl", "'buidl' is not known. Did you mean build? Try 'ann --help'.")]
    [InlineData("buidl --help", "'buidl' is not known. Did you mean build?")]
    [InlineData("colour --help", "'colour' is not known. Try")]
    [InlineData("set apend --help", "'apend' is not known. Did you mean append? Try 'ann set --help'.")]
    [InlineData("query --adress x --index y --text z", "'--adress' is not known. Did you mean --address?")]
    [InlineData("query --indx=y --text z", "'--indx=y' is not known. Did you mean --index?")]
    [InlineData("serve --port 50051", "'--port' is not known. Try 'ann serve --help'.")]
    [InlineData("serve --dat d", "'--dat' is not known. Did you mean --data?")]
    [InlineData("serve items.ann --lissten 127.0.0.1:1", "'--lissten' is not known. Did you mean --listen?")]
    [InlineData("verify --jsno items.ann", "'--jsno' is not known. Did you mean --json?")]
    [InlineData("--halp", "'--halp' is not known. Did you mean --help?")]
    [InlineData("serve --log-format xml", "--log-format is 'xml'")]
    public async Task WhatIsNotKnownIsRefusedWithTheNearest(string line, string part) =>
        (await ToolRun.RunAsync(line.Split(' '))).ExpectRefusal(part);

    [Fact]
    public async Task HelpOfAVerbIsShownWhateverItsOptions() =>
        Assert.Contains("Examples:", (await ToolRun.RunAsync("query", "--adress", "x", "--help")).Expect(0).Out);

    [Fact]
    public async Task AfterTwoDashesAFileMayLookLikeAnOption() =>
        (await ToolRun.RunAsync("verify", "--", "--port")).ExpectRefusal("--port");

    [Theory]
    [InlineData("127.0.0.1:50051", "http://127.0.0.1:50051")]
    [InlineData("localhost:50051", "http://localhost:50051")]
    [InlineData("[::1]:50051", "http://[::1]:50051")]
    [InlineData("ann.example.org:80", "http://ann.example.org")]
    [InlineData("http://10.0.0.1:7", "http://10.0.0.1:7")]
    [InlineData("https://ann.example.org", "https://ann.example.org")]
    [InlineData("unix:///run/ann.sock", "unix:///run/ann.sock")]
    [InlineData("dns:///ann.example.org:50051", "dns:///ann.example.org:50051")]
    [InlineData("static:///10.0.0.1:7,10.0.0.2:7", "static:///10.0.0.1:7,10.0.0.2:7")]
    public void AddressesNeedNoScheme(string text, string url) => Assert.Equal(url, ServerAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("50051")]
    [InlineData(":50051")]
    [InlineData("ftp://10.0.0.1:7")]
    [InlineData("10.0.0.1:70000")]
    [InlineData("http://10.0.0.1:7/index")]
    [InlineData("unix://ann.sock")]
    [InlineData("dns:///ann.example.org")]
    [InlineData("static:///10.0.0.1:7,")]
    public void WhatIsNoAddressIsRefused(string text) =>
        Assert.Contains($"--address is '{text}'", Assert.Throws<AnnException>(() => ServerAddress.Parse(text)).Message);
}
