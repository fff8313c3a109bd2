using Ann.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Ann.Tests.Server;

/// <summary>Goal: what strangers send can neither forge a line of the log nor move the terminal of who reads it.</summary>
public sealed class LogLinesTests
{
    private const string Sent = "a\r\n2026-11-30T00:00:00.000Z info: forged\u001b[2J\u009b31m\u2028\u202eü";

    [Theory]
    [InlineData(ConsoleFormatterNames.Simple)]
    [InlineData(ConsoleFormatterNames.Systemd)]
    public void AMessageIsOneLineOfPlainText(string formatter)
    {
        string line = LineOf(formatter);

        Assert.Contains(
            @"a\r\n2026-11-30T00:00:00.000Z info: forged\u001b[2J\u009b31m\u2028\u202eü", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line.TrimEnd(), char.IsControl);
        Assert.Equal(formatter == ConsoleFormatterNames.Simple, line.Contains("Z warn: shop[7] ", StringComparison.Ordinal));
    }

    [Fact]
    public void JsonHasTheMessageAsItIs() => Assert.Equal(
        Sent, System.Text.Json.JsonDocument.Parse(LineOf(ConsoleFormatterNames.Json)).RootElement.GetProperty("Message").GetString());

    private static string LineOf(string formatter)
    {
        using ServiceProvider parts = new ServiceCollection().AddLogging(ServerLogging.AddStandardError).BuildServiceProvider();
        using StringWriter written = new();
        parts.GetServices<ConsoleFormatter>().First(one => one.Name == formatter).Write(
            new LogEntry<string>(LogLevel.Warning, "shop", new EventId(7), Sent, null, static (state, _) => state), null, written);
        return written.ToString();
    }
}
