using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ann.Core.Embedded;
using Ann.Protocol.V1;
using Google.Protobuf.Reflection;

namespace Ann.Tests.House;

/// <summary>
/// Goal: the core names what it refuses by its own words; where in a request that is, and how the wire spells it, the server knows.
/// Method: a text of the core that begins with a path of fields of the protocol is one of the core's own words only where the core has a
/// property or a parameter of that name.
/// </summary>
public sealed partial class FieldNameTests
{
    /// <summary>A clause, as the text of filters has it; an option of the tool.</summary>
    private static readonly string[] Known = ["Attributes/FilterBinding.cs: in", "Segments/SegmentFootprint.cs: dim"];

    [Fact]
    public void TheCoreSpellsNoFieldOfTheWire()
    {
        HashSet<string> fields = [.. FieldsOfTheWire()];
        HashSet<string> own = [.. WordsOfTheCore()];
        Assert.Contains("min_score", fields);
        Assert.Contains("min_score", own);
        TidyTests.AssertNone((
            from file in TidyTests.Sources("*.cs")
            let path = TidyTests.Relative(file)
            where path.StartsWith(Core, StringComparison.Ordinal)
            from word in WordsOf(FolderGraph.Code(File.ReadAllText(file)))
            where fields.Contains(word) && !own.Contains(word)
            select $"{path[Core.Length..]}: {word}").Distinct().Except(Known));
    }

    [Fact]
    public void EveryWordOfAPathIsSeen() => Assert.Equal(
        ["exclude", "keys", "caps", "most", "k", "search", "union"],
        WordsOf("""Invalid("exclude.keys", $"there are {n} keys"); Invalid($"caps[{cap}].most", "k is 0"); Refuse("search.union");""")
            .Where(static word => word != "there"));

    private const string Core = "engine/Ann.Core/";

    private static IEnumerable<string> WordsOf(string code) => PathAtTheStart().Matches(code)
        .SelectMany(static match => match.Groups["word"].Captures).Select(static word => word.Value);

    private static IEnumerable<string> FieldsOfTheWire()
    {
        FileDescriptor[] files =
            [TypesReflection.Descriptor, RetrievalReflection.Descriptor, IngestReflection.Descriptor, IndexesReflection.Descriptor];
        return files.SelectMany(static file => file.MessageTypes).SelectMany(Within)
            .SelectMany(static message => message.Fields.InDeclarationOrder()).Select(static field => field.Name);

        static IEnumerable<MessageDescriptor> Within(MessageDescriptor message) =>
            message.NestedTypes.SelectMany(Within).Prepend(message);
    }

    private static IEnumerable<string> WordsOfTheCore()
    {
        const BindingFlags all =
            BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        return typeof(AnnIndex).Assembly.GetTypes().SelectMany(static type => type.GetMembers(all))
            .SelectMany(static member => member is MethodBase method
                ? method.GetParameters().Select(static parameter => parameter.Name ?? "")
                : [member.Name])
            .Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);
    }

    [GeneratedRegex(@"""(?<word>[a-z][a-z0-9_]*)(?:\[[^\]""]*\])?(?:\.(?<word>[a-z][a-z0-9_]*)(?:\[[^\]""]*\])?)*(?=[""\s:])")]
    private static partial Regex PathAtTheStart();
}
