using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ann.Encoding;
using Ann.Encoding.Descriptions;
using Ann.Tests.House;

namespace Ann.Tests.Encoding;

/// <summary>Goal: the page on encoders tells of every field of <c>encoder.json</c>, and its examples are read.</summary>
public sealed partial class EncoderPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(TidyTests.Root, "engine/docs/encoders.md"));

    [Fact]
    public void EveryFieldHasItsRow()
    {
        Type[] objects = [typeof(EncoderDescription), typeof(TokenizerDescription), typeof(EncoderInputs), typeof(FeatureFieldDescription)];
        IEnumerable<string> fields = objects
            .SelectMany(static type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance), (type, property) =>
                type == typeof(TokenizerDescription) && property.Name == nameof(TokenizerDescription.Kind) ? "type" : property.Name)
            .Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);

        Assert.Equal(fields.Order(), Row().Matches(Page).Select(static row => row.Groups[1].Value).Order());
    }

    [Fact]
    public void TheExamplesAreRead()
    {
        EncoderDescription[] read =
        [
            .. Block().Matches(Page).Select(static block =>
                EncoderDescriptionReader.Read("page", System.Text.Encoding.UTF8.GetBytes(block.Groups[1].Value))),
        ];

        Assert.Equal([EncoderKind.Text, EncoderKind.Features, EncoderKind.Features], read.Select(static one => one.Kind!.Value));
        Assert.Equal("tokenizer.json", read[0].Tokenizer!.File);
        Assert.Equal("item_id", read[1].Inputs.Features);
        Assert.Equal(["age", "place", "user", "seen", "country", "city"], read[2].Fields!.Select(static field => field.Name));
    }

    [GeneratedRegex(@"^\| `([a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^```json\n([\\s\\S]*?)^```", RegexOptions.Multiline)]
    private static partial Regex Block();
}
