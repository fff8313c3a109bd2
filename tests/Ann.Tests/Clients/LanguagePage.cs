using System.Text.RegularExpressions;
using Ann.Tests.House;

namespace Ann.Tests.Clients;

/// <summary>A page of <c>engine/docs/clients</c>: its commands and its program.</summary>
internal sealed partial class LanguagePage(string name)
{
    private readonly string _text = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "clients", name));

    /// <summary>What each program says, in its page's words for codes.</summary>
    public static string Answer => Assert.Single(new LanguagePage("README.md").Blocks("text"));

    /// <summary>The blocks of shell commands, in their order.</summary>
    public string[] Commands => Blocks("sh");

    /// <summary>The program, which is the first block of its language.</summary>
    /// <param name="language">As the fence names it.</param>
    /// <param name="address">Host and port of the server, in place of those that the page shows.</param>
    public string Program(string language, string address)
    {
        string program = Blocks(language)[0];
        Assert.Single(Shown().Matches(program));
        return Shown().Replace(program, address);
    }

    private string[] Blocks(string language) =>
        [.. Fence().Matches(_text).Where(one => one.Groups[1].Value == language).Select(static one => one.Groups[2].Value)];

    [GeneratedRegex("^```(\\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("localhost:50051")]
    private static partial Regex Shown();
}
