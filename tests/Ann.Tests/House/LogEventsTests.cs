using System.Globalization;
using System.Reflection;
using Ann.Server;
using Ann.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.House;

/// <summary>Goal: who filters the log by number finds each event once, in the code and in engine/docs/operations.md.</summary>
public sealed class LogEventsTests
{
    private static readonly LoggerMessageAttribute[] Events =
    [
        new(ChangeLog.PromotedEvent.Id, LogLevel.Information, ""), // written by hand
        .. typeof(ServerOptions).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>(),
    ];

    [Fact]
    public void NumbersAreTakenOnce() => Assert.Equal(Events.Length, Events.DistinctBy(static one => one.EventId).Count());

    [Fact]
    public void TheDocumentHasThemWithTheirLevels()
    {
        string page = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "operations.md"));
        Dictionary<int, string> told = [];
        foreach (string line in page.Split('\n').SkipWhile(static line => line != "| event | level | tells |").Skip(2)
            .TakeWhile(static line => line.StartsWith('|')))
        {
            string[] cells = [.. line.Split('|').Select(static cell => cell.Trim())];
            string[] levels = cells[2].Split(", ");
            foreach ((int place, string number) in cells[1].Split(", ").Index())
                told.Add(int.Parse(number, CultureInfo.InvariantCulture), levels[levels.Length == 1 ? 0 : place]);
        }

        Assert.NotEmpty(Events);
        Assert.Equal(
            Events.OrderBy(static one => one.EventId).Select(static one => $"{one.EventId} {one.Level}"),
            told.OrderBy(static one => one.Key).Select(static one => $"{one.Key} {one.Value}"));
    }
}
