using System.Text.RegularExpressions;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Segments;

namespace Ann.Tests.House;

/// <summary>
/// Goal: what is particular to a value of these enums is described in one place. Whoever adds a value completes the description, and finds
/// what else names values in the list below: the compiler and these tests lead there.
/// </summary>
public sealed partial class DescriptionTests
{
    /// <summary>Most files besides the description that name values of one enum.</summary>
    private const int Most = 8;

    /// <summary>Most files that tell the forms of attributes' values apart: a further type has a form that there is, mostly.</summary>
    private const int MostOfForms = 27;

    /// <summary>For each enum the files that describe its values, and those that name them besides.</summary>
    private static readonly Dictionary<Type, (string[] Description, string[] Others)> Named = new()
    {
        [typeof(Metric)] = (
            ["engine/Ann.Core/MetricTraits.cs", "engine/Ann.Core/Distances/MetricDispatch.cs"],
            ["engine/Ann.Core/Codes/CodeDistance.cs", "tools/Ann.Bench/Sets/ClusteredLaw.cs", "tools/Ann.Bench/Sets/Hard/HardSet.cs",
             "tools/Ann.Bench/Sets/VectorLaw.cs", "tools/Ann.Bench/Workers/HnswNetTarget.cs", "tools/Ann.Bench/Workers/UsearchTarget.cs",
             "tools/ann/Verbs/DemoVerb.cs", "engine/Ann.Extensions.VectorData/RecordModel.cs"]),
        [typeof(CodesKind)] = (["engine/Ann.Core/Segments/CodesTraits.cs"], ["tools/Ann.Bench/Hard/HardRequest.cs"]),
        [typeof(AttributeType)] = (
            ["engine/Ann.Core/Attributes/AttributeTraits.cs"],
            ["tools/Ann.Bench/Filters/Categories.cs", "tools/Ann.Bench/Promise/PromiseIndex.cs",
             "engine/Ann.Server/Filters/FilterValues.cs", "engine/Ann.Extensions.VectorData/RecordFieldKind.cs",
             "tools/ann/Demo/CatalogueFile.cs"]),
    };

    public static TheoryData<string> Enums => [.. Named.Keys.Select(static type => type.Name)];

    public static TheoryData<Type> Switched => [.. Named.Keys, typeof(AttributeForm)];

    [Theory]
    [MemberData(nameof(Enums))]
    public void FewFilesNameValues(string name)
    {
        (string[] description, string[] others) = Named.Single(pair => pair.Key.Name == name).Value;
        Assert.True(others.Length <= Most, $"{others.Length} files name values of {name}; at most {Most} may.");
        Regex value = new(ValueOf(Named.Keys.Single(type => type.Name == name)));
        string[] found =
        [
            .. from source in Product()
               where value.IsMatch(source.Code) && !description.Contains(source.Path)
               select source.Path,
        ];
        TidyTests.AssertNone(
            found.Except(others).Select(path => $"{path} names values of {name}: what it needs to know belongs in {description[0]}.")
                .Concat(others.Except(found).Select(path => $"{path} names no value of {name}, and is in the list.")));
    }

    [Fact]
    public void FewFilesTellFormsApart() =>
        Assert.InRange(Product().Count(static source => Regex.IsMatch(source.Code, ValueOf(typeof(AttributeForm)))) - 1, 1, MostOfForms);

    /// <summary>
    /// An arm for the rest would take a value that is added: without it the compiler asks for the value. Of statements it asks nothing, so
    /// their arm for the rest throws.
    /// </summary>
    [Theory]
    [MemberData(nameof(Switched))]
    public void TheRestIsNoValueOfASwitch(Type type)
    {
        Regex arm = new(ValueOf(type) + @"( or [\w. ]+)? =>");
        Regex label = new("case " + ValueOf(type));
        TidyTests.AssertNone(
            from source in Product()
            from Match begin in SwitchBegin().Matches(source.Code)
            let block = Block(source.Code, begin.Index + begin.Length)
            where (arm.IsMatch(block) && RestArm().IsMatch(block)) || (label.IsMatch(block) && !RestThrows().IsMatch(block))
            select $"{source.Path}: a switch over {type.Name} takes what is not named.");
    }

    [Fact]
    public void ASwitchThatTakesTheRestIsSeen()
    {
        const string Code = "x switch { A => { } , Metric.L2 => 1, _ => 2 }; switch (x) { case Metric.L2: break; default: break; }";
        string[] blocks = [.. SwitchBegin().Matches(Code).Select(begin => Block(Code, begin.Index + begin.Length))];
        Assert.Equal([" A => { } , Metric.L2 => 1, _ => 2 ", " case Metric.L2: break; default: break; "], blocks);
        Assert.Matches(RestArm(), blocks[0]);
        Assert.DoesNotMatch(RestThrows(), blocks[1]);
    }

    [Fact]
    public void TheCompilerRefusesASwitchThatMissesAValue() => Assert.Contains(
        "<WarningsAsErrors>$(WarningsAsErrors);CS8509</WarningsAsErrors>",
        File.ReadAllText(Path.Combine(TidyTests.Root, "Directory.Build.props")), StringComparison.Ordinal);

    private static string ValueOf(Type type) => $@"(?<!Wire\.|V1\.|Types\.)\b{type.Name}\.({string.Join('|', Enum.GetNames(type))})\b";

    /// <summary>What is between a brace that opened and the one that closes it.</summary>
    private static string Block(string code, int start)
    {
        int depth = 1;
        int end = start;
        for (; end < code.Length; end++)
        {
            depth += code[end] == '{' ? 1 : code[end] == '}' ? -1 : 0;
            if (depth == 0)
                break;
        }
        return code[start..end];
    }

    private static IEnumerable<(string Path, string Code)> Product() =>
        from file in TidyTests.Sources("*.cs")
        let path = TidyTests.Relative(file)
        where !path.StartsWith("tests/", StringComparison.Ordinal)
        where !path.StartsWith("tools/samples/", StringComparison.Ordinal) // its users' programs, each with a metric of its choice
        select (path, FolderGraph.Code(File.ReadAllText(file)));

    [GeneratedRegex(@"\bswitch\b[^{};]*\{")]
    private static partial Regex SwitchBegin();

    [GeneratedRegex(@"\b_ =>(?! throw)")]
    private static partial Regex RestArm();

    [GeneratedRegex(@"\bdefault:\s*throw\b")]
    private static partial Regex RestThrows();
}
