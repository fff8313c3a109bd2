using Ann.Encoding;
using Ann.Tests.Encoding;
using TemporaryFolder = Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: JSON lines are rows of a tower with named inputs, with keys and attributes; a wrong one is told by its line.</summary>
public sealed class EncodeFieldsTests : IDisposable
{
    private const string Right = """
        {"id": "a", "age": 33.5, "place": [1, -2], "user": 7, "genres": [4, 5], "seen": [1, 2, 3], "country": "Chile", "city": "Arica"}

        {"id": "b", "age": 1, "place": [0.5, true], "user": 8, "seen": [], "country": "Peru", "city": "Lima", "price": 2}

        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Ann.Tests.Encoding.TemporaryFolder _tower = FeatureFieldsTests.Described(FeatureFieldsTests.Description);

    public void Dispose()
    {
        _folder.Dispose();
        _tower.Dispose();
    }

    [Fact]
    public async Task ObjectsAreRows()
    {
        string input = _folder.Write("users.jsonl", Right);

        (await Encode(input, "--attributes", "price:double")).Expect(0);

        using FeatureEncoder encoder = FeatureEncoder.Open(_tower.Path, DefaultEncoderTests.Cpu);
        float[] expected = new float[2 * 15];
        encoder.Encode(
            [
                new FeatureRow().Set("age", 33.5f).Set("place", 1f, -2f).Set("user", 7L).Set("genres", 4L, 5L).Set("seen", 1L, 2L, 3L)
                    .Set("country", "Chile").Set("city", "Arica"),
                new FeatureRow().Set("age", 1f).Set("place", 0.5f, 1f).Set("user", 8L).Set("seen", Array.Empty<long>())
                    .Set("country", "Peru").Set("city", "Lima"),
            ],
            expected);
        Assert.Equal(expected, TemporaryFolder.ReadAll(_folder["users.fbin"]));
        string keys = File.ReadAllText(_folder["users.fbin.keys.jsonl"]);
        Assert.Contains("\"a\"", keys);
        Assert.Contains(encoder.Info.FingerprintText, keys);
        Assert.Contains("price", File.ReadAllText(_folder["users.fbin.attributes.jsonl"]));
    }

    [Theory]
    [InlineData("\"age\": 1", "\"age\": \"old\"", "users.jsonl: line 3: field 'age': expected a number; found \"old\"")]
    [InlineData("\"id\": \"b\"", "\"id\": \"a\"", "row 1 has t")]
    [InlineData("\"id\": \"b\", ", "", "users.jsonl: line 3: it has no \"id\"")]
    public async Task AWrongRowIsToldByItsLine(string right, string wrong, string told)
    {
        string input = _folder.Write("users.jsonl", Right.Replace(right, wrong, StringComparison.Ordinal));

        ToolRun run = (await Encode(input)).Expect(2);

        Assert.Contains(told, run.Error);
        Assert.Equal(["users.jsonl"], _folder.Names());
    }

    private Task<ToolRun> Encode(string input, params string[] more) => ToolRun.RunAsync(
        ["encode", "--input", input, "--output", _folder["users.fbin"], "--encoder", _tower.Path, .. more]);
}
