using System.Text.RegularExpressions;
using Ann.Core;

namespace Ann.Tests.House;

/// <summary>
/// Goal: what is particular to a value of these enums is described in one place. Whoever adds a value completes the description, and finds
/// what else names values in the list below: the compiler and these tests lead there.
/// </summary>
public sealed partial class DescriptionTests
{
    /// <summary>Most files besides the description that name values of one enum.</summary>
    private const int Most = 8;

    /// <summary>For each enum the files that describe its values, and those that name them besides.</summary>
    private static readonly Dictionary<Type, (string[] Description, string[] Others)> Named = new()
    {
        [typeof(Metric)] = (
            ["engine/Ann.Core/MetricTraits.cs", "engine/Ann.Core/Distances/MetricDispatch.cs"],
            ["engine/Ann.Core/Codes/CodeDistance.cs", "tools/Ann.Bench/Sets/ClusteredLaw.cs", "tools/Ann.Bench/Sets/Hard/HardSet.cs",
             "tools/Ann.Bench/Sets/VectorLaw.cs", "tools/Ann.Bench/Workers/HnswNetTarget.cs", "tools/ann/Verbs/DemoVerb.cs"]),
    };

    /// <summary>Searches that are being rewritten, and are to ask the descriptions afterwards: then this list goes.</summary>
    private static readonly string[] Rewritten =
        ["CodeScoring", "HeadSearcher", "MaskedSegmentSearch", "SegmentFootprint", "SegmentSearcher"];

    public static TheoryData<string> Enums => [.. Named.Keys.Select(static type => type.Name)];

    [Theory]
    [MemberData(nameof(Enums))]
    public void FewFilesNameValues(string name)
    {
        (string[] description, string[] others) = Named.Single(pair => pair.Key.Name == name).Value;
        Assert.True(others.Length <= Most, $"{others.Length} files name values of {name}; at most {Most} may.");
        Regex value = new(ValueOf(name));
        string[] found =
        [
            .. from source in Product()
               where value.IsMatch(source.Code) && !description.Contains(source.Path)
               where !Rewritten.Contains(Path.GetFileNameWithoutExtension(source.Path))
               select source.Path,
        ];
        TidyTests.AssertNone(
            found.Except(others).Select(path => $"{path} names values of {name}: what it needs to know belongs in {description[0]}.")
                .Concat(others.Except(found).Select(path => $"{path} names no value of {name}, and is in the list.")));
    }

    /// <summary>An arm for the rest would take a value that is added: without it the compiler asks for the value.</summary>
    [Theory]
    [MemberData(nameof(Enums))]
    public void NoSwitchHasAnArmForTheRest(string name)
    {
        Regex arm = new(ValueOf(name) + @"( or [\w. ]+)? =>");
        TidyTests.AssertNone(
            from source in Product()
            from Match block in SwitchExpression().Matches(source.Code)
            where arm.IsMatch(block.Value) && RestArm().IsMatch(block.Value)
            select $"{source.Path}: a switch over {name} has an arm for the rest.");
    }

    [Fact]
    public void TheCompilerRefusesASwitchThatMissesAValue() => Assert.Contains(
        "<WarningsAsErrors>$(WarningsAsErrors);CS8509</WarningsAsErrors>",
        File.ReadAllText(Path.Combine(TidyTests.Root, "Directory.Build.props")), StringComparison.Ordinal);

    private static string ValueOf(string name) =>
        $@"(?<!Wire\.|V1\.)\b{name}\.({string.Join('|', Enum.GetNames(Named.Keys.Single(type => type.Name == name)))})\b";

    private static IEnumerable<(string Path, string Code)> Product() =>
        from file in TidyTests.Sources("*.cs")
        let path = TidyTests.Relative(file)
        where !path.StartsWith("tests/", StringComparison.Ordinal)
        select (path, FolderGraph.Code(File.ReadAllText(file)));

    [GeneratedRegex(@"\bswitch\s*\{[^{}]*(\{[^{}]*\}[^{}]*)*\}")]
    private static partial Regex SwitchExpression();

    [GeneratedRegex(@"\b_ =>(?! throw)")]
    private static partial Regex RestArm();
}
