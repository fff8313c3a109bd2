using System.Text.RegularExpressions;

namespace Ann.Tests.House;

/// <summary>Goal: the folders of a project use each other as engine/docs/architecture.md says, and never in a circle.</summary>
public sealed partial class FolderTests
{
    public static TheoryData<string> Projects => ["Ann.Core", "Ann.Server"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void FoldersUseWhatTheTableAllows(string project)
    {
        FolderGraph graph = FolderGraph.Read(project, SourcesOf(project));
        Dictionary<string, string[]> allowed = Allowed(project);

        TidyTests.AssertNone(
            graph.Faults
                .Concat(graph.Folders.Except(allowed.Keys).Select(folder => $"{project}/{folder} is not in the table."))
                .Concat(allowed.Keys.Except(graph.Folders).Select(folder => $"{project}/{folder} is in the table, and has no sources."))
                .Concat(
                    from folder in graph.Folders.Intersect(allowed.Keys)
                    from use in graph.UsesOf(folder)
                    where !allowed[folder].Contains(use.Key)
                    select $"{project}/{folder} uses {use.Key} ({use.Value}), which the table does not allow.")
                .Concat(
                    from folder in graph.Folders.Intersect(allowed.Keys)
                    from use in allowed[folder].Except(graph.UsesOf(folder).Keys)
                    select $"{project}/{folder} does not use {use}, which the table allows."));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void TheTableHasNoCircle(string project)
    {
        IReadOnlyList<string> circle = FolderGraph.CircleOf(Allowed(project)) ?? [];
        Assert.True(circle.Count == 0, $"{project}: {string.Join(" uses ", circle)}");
    }

    [Fact]
    public void EveryWayToNameAnotherFolderIsSeen()
    {
        FolderGraph graph = FolderGraph.Read("Ann.Core", new Dictionary<string, string>
        {
            ["Nail.cs"] = "namespace Ann.Core;\npublic static class Nail;",
            ["Wood/Tree.cs"] = "namespace Ann.Core.Wood;\ninternal sealed class Tree; // not of Stone.Rock",
            ["Wood/Old/Oak.cs"] = "namespace Ann.Core.Wood.Old;\ninternal record struct Oak(Tree Seed);",
            ["Stone/Rock.cs"] = "using Ann.Core.Wood.Old;\nnamespace Ann.Core.Stone;\npublic enum Rock { }",
            ["Glass/Pane.cs"] = "namespace Ann.Core.Glass;\nclass Pane { Stone.Rock Sand; string Far = \"// no\"; Wood.Tree Frame; }",
            ["Iron/Bar.cs"] = "using Rest = Ann.Core.Stone.Rock;\nusing static Ann.Core.Glass.Pane;\nnamespace Ann.Core.Iron;\nclass Bar;",
            ["Paper/Leaf.cs"] = "namespace Ann.Core.Paper;\nclass Leaf { object Stone = this.Stone.Size; Core.Iron.Bar[] Frame; }",
        });

        Assert.Empty(graph.Faults);
        Assert.Empty(graph.UsesOf("Wood"));
        Assert.Equal(["Wood"], graph.UsesOf("Wood/Old").Keys);
        Assert.Equal(["Wood/Old"], graph.UsesOf("Stone").Keys);
        Assert.Equal(["Stone", "Wood"], graph.UsesOf("Glass").Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["Glass", "Stone"], graph.UsesOf("Iron").Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["Iron"], graph.UsesOf("Paper").Keys);
    }

    [Fact]
    public void WhatHidesAnEdgeIsAFault()
    {
        FolderGraph graph = FolderGraph.Read("Ann.Core", new Dictionary<string, string>
        {
            ["Nail.cs"] = "using Ann.Core.Wood;\nnamespace Ann.Core;\npublic static class Nail;",
            ["Usings.cs"] = "global using Ann.Core.Wood;",
            ["Wood/Tree.cs"] = "namespace Ann.Core.Wood;\ninternal sealed class Tree;",
        });

        Assert.Equal(2, graph.Faults.Count);
        Assert.Contains("Ann.Core/Usings.cs: a global using", graph.Faults[0], StringComparison.Ordinal);
        Assert.Contains("Ann.Core/Nail.cs uses Wood", graph.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void NoProjectFileHidesAnEdge() => TidyTests.AssertNone(
        from file in TidyTests.Sources("*.csproj").Concat(Directory.EnumerateFiles(TidyTests.Root, "Directory.Build.*"))
        where File.ReadAllText(file).Contains("<Using Include=\"Ann.", StringComparison.Ordinal)
        select $"{TidyTests.Relative(file)} has a using for all files, which hides which folders use which.");

    [Fact]
    public void ACircleIsNamed() => Assert.Equal(["B", "C", "B"], FolderGraph.CircleOf(new Dictionary<string, string[]>
    {
        ["A"] = ["B", "D"],
        ["B"] = ["D", "C"],
        ["C"] = ["D", "B"],
        ["D"] = [],
    }));

    [Fact]
    public void NoTwoTypesOfTheProductShareAName()
    {
        string[] projects =
        [
            "engine/Ann.Core", "engine/Ann.Client", "engine/Ann.Extensions.VectorData", "engine/Ann.Encoding", "engine/Ann.Web",
            "engine/Ann.Server", "tools/ann",
        ];
        TidyTests.AssertNone(
            from file in TidyTests.Sources("*.cs")
            let path = TidyTests.Relative(file)
            where projects.Any(project => path.StartsWith(project + "/", StringComparison.Ordinal))
            from type in FolderGraph.TypesOf(FolderGraph.Code(File.ReadAllText(file)))
            group path by type into declared
            where declared.Select(Path.GetDirectoryName).Distinct().Count() > 1
            select $"{declared.Key} is declared in {string.Join(" and in ", declared)}");
    }

    private static Dictionary<string, string> SourcesOf(string project)
    {
        string start = $"engine/{project}/";
        return TidyTests.Sources("*.cs").Select(static file => (File: file, Path: TidyTests.Relative(file)))
            .Where(source => source.Path.StartsWith(start, StringComparison.Ordinal))
            .ToDictionary(source => source.Path[start.Length..], source => File.ReadAllText(source.File), StringComparer.Ordinal);
    }

    /// <summary>The table under the heading of a project.</summary>
    private static Dictionary<string, string[]> Allowed(string project)
    {
        string[] lines = File.ReadAllLines(Path.Combine(TidyTests.Root, "engine", "docs", "architecture.md"));
        IEnumerable<string> rows = lines.SkipWhile(line => line != $"### Folders of {project}")
            .SkipWhile(static line => line != "| folder | uses |").Skip(2).TakeWhile(static line => line.StartsWith('|'));
        return rows.Select(static row => row.Split('|', StringSplitOptions.TrimEntries)).ToDictionary(
            static cells => cells[1], static cells => FolderName().Matches(cells[2]).Select(static match => match.Value).ToArray(),
            StringComparer.Ordinal);
    }

    [GeneratedRegex(@"[\w/]+")]
    private static partial Regex FolderName();
}
