using System.Net;
using System.Text.RegularExpressions;
using Ann.Tests.House;
using Ann.Web.Pages;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: the console's files are small, whole, in line with its policy, and ask nobody else for anything.</summary>
[Collection(typeof(ServerTests))]
public sealed partial class ConsoleFilesTests(SampleIndexes samples)
{
    /// <summary>Bytes that a first page may take over the wire. The goal is 300 KB; what is far below it should stay there.</summary>
    private const int MostFirst = 40 << 10;

    private const int MostLines = 400;
    private const int MostColumns = 140;

    private static readonly IReadOnlyDictionary<string, ConsoleFile> Files = new ConsoleFiles().All;

    [Fact]
    public void AFirstPageIsSmall()
    {
        string[] first =
        [
            "index.html", "console.css", "parts.css", "theme.js", "mark.svg",
            .. ImportsOf("main.js", []), .. ImportsOf("page-indexes.js", []),
        ];

        int packed = first.Distinct().Sum(static name => Files[name].Packed.Length);

        Assert.InRange(packed, 1, MostFirst);
        Assert.InRange(Files.Values.Sum(static file => file.Packed.Length), 1, 2 * MostFirst);
    }

    [Fact]
    public void FilesAskNobodyElseAndHoldNothingInLine()
    {
        TidyTests.AssertNone(
            from file in Files
            let text = TextOf(file.Value)
            from Match address in Address().Matches(text)
            where address.Value != "http://www.w3.org" // the name of SVG, which nobody fetches
            select $"{file.Key} names {address.Value}");
        string page = TextOf(Files["index.html"]);
        Assert.DoesNotMatch(@"<style|style=|\son\w+=|javascript:|<script>", page);
        TidyTests.AssertNone(
            from file in Files
            where file.Key.EndsWith(".js", StringComparison.Ordinal)
            from word in new[] { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".cookie" }
            where TextOf(file.Value).Contains(word, StringComparison.Ordinal)
            select $"{file.Key} uses {word}");
    }

    [Fact]
    public void WhatFilesNameIsThere()
    {
        TidyTests.AssertNone(
            from file in Files
            from Match name in Named().Matches(TextOf(file.Value))
            where !Files.ContainsKey(name.Groups[1].Value)
            select $"{file.Key} names {name.Groups[1].Value}, which is not there");
    }

    [Fact]
    public void FilesAndLinesAreShort() => TidyTests.AssertNone(
        from file in Files
        where !file.Key.EndsWith(".svg", StringComparison.Ordinal)
        let lines = TextOf(file.Value).Split('\n')
        from fault in lines.Index().Where(static line => line.Item.Length > MostColumns)
            .Select(static line => $"line {line.Index + 1} has {line.Item.Length} columns")
            .Concat(lines.Length > MostLines + 1 ? [$"{lines.Length} lines"] : [])
        select $"{file.Key}: {fault}");

    [Fact]
    public async Task TheyAreServedOnceAndAskedAbout()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        Answer root = await web.GetAsync("/");
        Answer page = await web.GetAsync("/console");
        Answer deep = await web.GetAsync("/console/indexes/a.b%40c");
        Answer script = await web.GetAsync("/console/main.js");
        Answer again = await web.GetAsync("/console/main.js", ("If-None-Match", script.Headers["ETag"]));
        Answer packed = await web.GetAsync("/console/main.js", ("Accept-Encoding", "gzip"));

        Assert.Equal((HttpStatusCode.Redirect, "/console"), (root.Status, root.Headers["Location"]));
        Assert.Equal("text/html; charset=utf-8", page.Headers["Content-Type"]);
        Assert.Equal(page.Text, deep.Text);
        Assert.Equal("text/javascript; charset=utf-8", script.Headers["Content-Type"]);
        Assert.Equal(TextOf(Files["main.js"]), script.Text);
        Assert.Equal((HttpStatusCode.NotModified, ""), (again.Status, again.Text));
        Assert.Equal("gzip", packed.Headers["Content-Encoding"]);
        (await web.GetAsync("/console/absent.js")).Refused(HttpStatusCode.NotFound, 5);
        (await web.GetAsync("/console/..%2fmain.js")).Refused(HttpStatusCode.NotFound, 5);
    }

    /// <summary>A module and those that it needs before it runs.</summary>
    private static HashSet<string> ImportsOf(string name, HashSet<string> seen)
    {
        if (seen.Add(name))
        {
            foreach (Match import in Import().Matches(TextOf(Files[name])))
                ImportsOf(import.Groups[1].Value, seen);
        }
        return seen;
    }

    private static string TextOf(ConsoleFile file) => System.Text.Encoding.UTF8.GetString(file.Bytes);

    [GeneratedRegex(@"(https?:|wss?:)?//[\w-]+\.[\w.-]+")]
    private static partial Regex Address();

    [GeneratedRegex(@"^import [^;]* from '\./([\w.-]+)';", RegexOptions.Multiline)]
    private static partial Regex Import();

    [GeneratedRegex(@"(?:'\./|""/console/)([\w-]+\.\w+)")]
    private static partial Regex Named();
}
