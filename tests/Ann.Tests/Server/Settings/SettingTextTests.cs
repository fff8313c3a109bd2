using Ann.Server;
using Ann.Server.Settings;

namespace Ann.Tests.Server.Settings;

/// <summary>Goal: values mean what they look like; what is no setting is refused, with what was meant.</summary>
public sealed class SettingTextTests
{
    [Theory]
    [InlineData("MemoryBudgetBytes", "4GiB", 4L << 30)]
    [InlineData("MemoryBudgetBytes", "1.5 gib", 3L << 29)]
    [InlineData("MemoryBudgetBytes", "2GB", 2_000_000_000L)]
    [InlineData("MemoryBudgetBytes", "1000", 1000L)]
    [InlineData("MaxMessageBytes", "128KiB", 128 << 10)]
    [InlineData("CommitWindowMs", "500ms", 500)]
    [InlineData("CommitWindowMs", "1s", 1000)]
    [InlineData("CommitWindowMs", "7", 7)]
    [InlineData("DeadlineMarginMs", "250us", 0.25)]
    [InlineData("DeadlineMarginMs", "1.5", 1.5)]
    [InlineData("DrainSeconds", "10s", 10)]
    [InlineData("DrainSeconds", "2000ms", 2)]
    [InlineData("DrainSeconds", "5min", 300)]
    [InlineData("DrainSeconds", "30", 30)]
    public void SizesAndTimesMayHaveUnits(string name, string text, object value)
    {
        using SettingsCase settings = new();

        ServerOptions read = settings.With(SettingSource.Environment, name, text).Read();

        Assert.Equal(value, typeof(ServerOptions).GetProperty(name)!.GetValue(read));
    }

    [Theory]
    [InlineData("MemoryBudgetBytes", "4G")]
    [InlineData("MemoryBudgetBytes", "0.3B")]
    [InlineData("MemoryBudgetBytes", "9000000TiB")]
    [InlineData("MemoryBudgetBytes", "99999999999999999999999999999TiB")]
    [InlineData("MemoryBudgetBytes", "GiB")]
    [InlineData("MemoryBudgetBytes", "10s")]
    [InlineData("MaxMessageBytes", "4GiB")]
    [InlineData("DrainSeconds", "500ms")]
    [InlineData("DrainSeconds", "11min")]
    [InlineData("DrainSeconds", "1,000")]
    [InlineData("SearchQueueLimit", "64s")]
    [InlineData("DeadlineMarginMs", "NaN")]
    [InlineData("LiveRecallShare", "1.5")]
    [InlineData("Residence", "1")]
    [InlineData("Residence", "Mapped,Loaded")]
    [InlineData("BrownOut", "yes")]
    public void WhatIsNoValueIsRefused(string name, string text)
    {
        using SettingsCase settings = new();

        Assert.Contains($"is '{text}'; it must be ", settings.With(SettingSource.File, name, text).Refusal().Message);
    }

    [Theory]
    [InlineData("Ann__SearchQueueLimt", "Did you mean SearchQueueLimit?")]
    [InlineData("Ann__searchqueuelimits", "Did you mean SearchQueueLimit?")]
    [InlineData("Ann__DrianSeconds", "Did you mean DrainSeconds?")]
    [InlineData("Ann__Colour", "is no setting.")]
    [InlineData("Ann__Listen__0", "takes one value")]
    [InlineData("Ann__IndexFiles", "Ann__IndexFiles__0 begins one")]
    [InlineData("Logging__LogLevel", "must name a category")]
    [InlineData("Logging__LogLevel__Default", "one of Trace, Debug,")]
    [InlineData("Logging__Console__LogLevel__Ann", "one of Trace, Debug,")]
    [InlineData("Logging__Console__FormatterName", "one of simple, json, systemd")]
    [InlineData("Logging__Console__FormatterOptions__SingleLine", "SingleLine")]
    public void WhatIsNoSettingIsRefused(string variable, string part)
    {
        using SettingsCase settings = new();

        string fault = Assert.Single(settings.Set(variable, "x").Refusal().Violations).Description;

        Assert.Contains(part, fault, StringComparison.Ordinal);
        if (!variable.EndsWith("SingleLine", StringComparison.Ordinal))
            Assert.StartsWith(settings.Prefix + variable, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Ann": {"SearchQueueLimt": 64}}""", "ann.json: Ann:SearchQueueLimt is no setting. Did you mean SearchQueueLimit?")]
    [InlineData("""{"SearchQueueLimit": 64}""", "ann.json: SearchQueueLimit is no section; Ann and Logging are.")]
    [InlineData("""{"Ann": {"Listen": {"Host": "x"}}}""", "ann.json: Ann:Listen:Host is no setting; Listen takes one value.")]
    [InlineData("""{"Ann": {"IndexFiles": "a.ann"}}""", "ann.json: Ann:IndexFiles is 'a.ann'; it must be a list")]
    [InlineData("""{"Ann": {"IndexFiles": ["a.ann", ""]}}""", "ann.json: Ann:IndexFiles:1 is empty")]
    [InlineData("""{"Ann": {"SearchQueueLimit": null}}""", "ann.json: Ann:SearchQueueLimit is empty")]
    [InlineData("""{"Ann": """, "ann.json: it is no settings file: ")]
    public void AFileIsHeldToTheSame(string json, string part)
    {
        using SettingsCase settings = new();

        Assert.Contains(part, settings.Refusal(json).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileHasNumbersSwitchesAndLists()
    {
        using SettingsCase settings = new();

        ServerOptions read = settings.Read("""
            {
              // A comment is no mistake.
              "Ann": { "SearchQueueLimit": 64, "BrownOut": false, "LiveRecallShare": 0.25, "SetBytes": "1MiB",
                "IndexFiles": ["a.ann", "b.ann"] }
            }
            """);

        Assert.Equal((64, false, 0.25, 1L << 20), (read.SearchQueueLimit, read.BrownOut, read.LiveRecallShare, read.SetBytes));
        Assert.Equal(["a.ann", "b.ann"], read.IndexFiles);
    }

    [Fact]
    public void AListIsReplacedAsAWhole()
    {
        using SettingsCase settings = new();
        settings.With(SettingSource.Environment, "IndexFiles", "a.ann", "b.ann", "c.ann").With(SettingSource.Option, "IndexFiles", "d.ann");

        Assert.Equal(["d.ann"], settings.Read().IndexFiles);
    }

    [Fact]
    public void TheEntriesOfAListAreInTheOrderOfTheirNumbers()
    {
        using SettingsCase settings = new();
        string[] files = [.. Enumerable.Range(0, 12).Select(static i => $"{i}.ann")];

        Assert.Equal(files, settings.With(SettingSource.Environment, "IndexFiles", files).Read().IndexFiles);
    }

    [Fact]
    public void AnEmptyListOfAStrongerSourceIsOne()
    {
        using SettingsCase settings = new();
        settings.Set("Ann__IndexFiles", "");

        Assert.Empty(settings.Read("""{"Ann": {"IndexFiles": ["a.ann"]}}""").IndexFiles);
    }

    [Theory]
    [InlineData("serv", "serve")]
    [InlineData("buidl", "build")]
    [InlineData("--adress", "--address")]
    [InlineData("LISTEN", "listen")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void TheNearestNameIsFound(string typed, string? nearest) =>
        Assert.Equal(nearest, NearestName.Of(typed, ["build", "serve", "query", "listen", "--address", "--data"]));
}
