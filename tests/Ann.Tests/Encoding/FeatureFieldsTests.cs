using System.IO.Hashing;
using System.Text.Json;
using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Onnx;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: rows of named fields arrive in the inputs that the description names: in their columns, padded, looked up, hashed; and a row that
/// does not fit is told by its number and its field.
/// Method: a graph that puts all of its inputs side by side.
/// </summary>
public sealed class FeatureFieldsTests
{
    private const int Int32 = 6;

    internal const string Description =
        """
        { "kind": "features", "fields": [
            { "name": "age", "input": "dense" },
            { "name": "place", "input": "dense", "columns": 2 },
            { "name": "user", "type": "id" },
            { "name": "genres", "type": "id", "length": 3, "padding": -1, "mask": "genres_mask", "lengths": "genres_count",
              "optional": true },
            { "name": "seen", "type": "id", "length": 2, "keep": "last" },
            { "name": "country", "input": "words", "type": "string", "vocabulary": "country.txt", "unknown": 0, "offset": 1 },
            { "name": "city", "input": "words", "type": "string", "hash_buckets": 1000, "seed": 5, "offset": 10 } ] }
        """;

    [Fact]
    public void EveryFieldArrivesInItsColumns()
    {
        using TemporaryFolder folder = Described(Description);
        using FeatureEncoder encoder = FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu with { MaxBatchRows = 2 });
        FeatureRow[] rows =
        [
            new FeatureRow().Set("age", 33.5f).Set("place", 1f, -2f).Set("user", 7L).Set("genres", 4L, 5L).Set("seen", 1L, 2L, 3L)
                .Set("country", "Chile").Set("city", "Arica"),
            Json("""{ "age": 1, "place": [0.5, true], "user": 8, "seen": [], "country": "Peru", "city": "Ñuñoa", "other": {} }"""),
            Json("""{ "age": -1, "place": [0, 0], "user": 9, "genres": [1, 2, 3], "seen": 6, "country": "?", "city": "" }"""),
        ];
        float[] found = new float[3 * 15];

        encoder.Encode(rows, found);

        Assert.Equal(15, encoder.Info.Dimension);
        Assert.Equal([33.5f, 1, -2, 7, 4, 5, -1, 1, 1, 0, 2, 2, 3, 2, City("Arica")], found[..15]);
        Assert.Equal([1, 0.5f, 1, 8, -1, -1, -1, 0, 0, 0, 0, 0, 0, 1, City("Ñuñoa")], found[15..30]);
        Assert.Equal([-1, 0, 0, 9, 1, 2, 3, 1, 1, 1, 3, 6, 0, 0, City("")], found[30..]);

        FeatureRow Json(string text)
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return FeatureRow.Of(document.RootElement, encoder.Fields.Select(static field => field.Name));
        }

        static float City(string name) => 10 + XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(name), 5) % 1000;
    }

    [Theory]
    [InlineData("age", """{ "age": "old" }""", "expected a number; found \"old\"")]
    [InlineData("age", """{ "age": null }""", "expected a value, for the field is not optional; found none")]
    [InlineData("place", """{ "place": [1, 2, 3] }""", "expected 2 numbers; found 1, 2, 3")]
    [InlineData("user", """{ "user": 1.5 }""", "expected one id; found 1.5")]
    [InlineData("user", """{ "user": [1, 2] }""", "expected one id; found 1, 2")]
    [InlineData("user", """{ "user": [] }""", "expected one id; found an empty list")]
    [InlineData("genres", """{ "genres": [1, 2, 3, 4] }""", "expected at most 3 ids; found 4")]
    [InlineData("genres", """{ "genres": ["a"] }""", "expected a list of ids; found \"a\"")]
    [InlineData("genres", """{ "genres": { "a": 1 } }""", "expected a list of ids; found { \"a\": 1 }")]
    [InlineData("seen", """{ "seen": [5000000000] }""", "expected ids of 32 bits; found 5000000000")]
    [InlineData("city", """{ "city": 3 }""", "expected one text; found 3")]
    public void ARowThatDoesNotFitIsNamed(string field, string change, string message)
    {
        using TemporaryFolder folder = Described(Description);
        using FeatureEncoder encoder = FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu with { MaxBatchRows = 1 });
        string[] names = [.. encoder.Fields.Select(static one => one.Name)];
        const string Good = """{ "age": 1, "place": [0, 1], "user": 8, "seen": [1], "country": "Peru", "city": "Lima" }""";
        using JsonDocument good = JsonDocument.Parse(Good), changed = JsonDocument.Parse(change);
        Dictionary<string, JsonElement> members = good.RootElement.EnumerateObject().ToDictionary(one => one.Name, one => one.Value);
        members[field] = changed.RootElement.GetProperty(field);
        using JsonDocument bad = JsonDocument.Parse(
            JsonSerializer.Serialize(members).Replace("{\"a\":1}", "{ \"a\": 1 }", StringComparison.Ordinal));

        AnnException error = Assert.Throws<AnnException>(() => encoder.Encode(
            [FeatureRow.Of(good.RootElement, names), FeatureRow.Of(bad.RootElement, names)], new float[30]));

        Assert.Equal((AnnError.InvalidArgument, $"rows[1].{field}"), (error.Error, error.Field));
        Assert.Equal($"Row 1, field '{field}': {message}.", error.Message);
    }

    [Theory]
    [InlineData(
        "\"columns\": 2 }", "\"columns\": 3 }",
        "field 'fields[1].input': expected at most 3 columns in 'dense' float[-1,3]; found 4")]
    [InlineData(
        "\"name\": \"user\"", "\"name\": \"usr\"",
        "field 'fields[2].input': expected an input 'usr' of rank 1 or 2, int64 or int32;")]
    [InlineData("\"genres_count\"", "\"dense\"", "field 'fields[3].lengths': expected an input 'dense' of rank 1 or 2, int64 or int32")]
    [InlineData(
        ", \"lengths\": \"genres_count\"", "",
        "field 'fields': expected a field for every input of the graph; found none for 'genres_count'")]
    [InlineData("\"name\": \"place\"", "\"name\": \"age\"", "field 'fields[1].name': expected every field once; found 'age' twice")]
    [InlineData(
        "\"vocabulary\": \"country.txt\", \"unknown\": 0", "\"unknown\": 0",
        "field 'fields[5].unknown': expected a vocabulary beside it")]
    [InlineData("\"hash_buckets\": 1000, \"seed\": 5, ", "", "field 'fields[6].vocabulary': expected a vocabulary or hash_buckets")]
    [InlineData("\"country.txt\"", "\"twice.txt\"", "twice.txt: line 3: expected every text once; found 'a' in line 1 too")]
    [InlineData("\"country.txt\"", "\"empty.txt\"", "empty.txt: expected a text a line; found none")]
    [InlineData("\"country.txt\"", "\"gone.txt\"", "field 'fields[5].vocabulary': expected an existing file")]
    [InlineData(
        "\"keep\": \"last\"", "\"keep\": \"middle\"",
        "field 'fields[4].keep': expected one of \"first\", \"last\"; found \"middle\"")]
    [InlineData("\"name\": \"user\", ", "", "field 'fields[2].name': expected a value; found none")]
    [InlineData("\"columns\": 2", "\"columns\": 2, \"padding\": 1", "field 'fields[1].padding': expected type id or string beside it")]
    [InlineData(
        "\"fields\": [", "\"inputs\": { \"features\": \"dense\" }, \"fields\": [",
        "field 'inputs': expected no inputs beside fields")]
    public void ADescriptionThatDoesNotFitIsNamed(string part, string change, string message)
    {
        Assert.Contains(part, Description);
        using TemporaryFolder folder = Described(Description.Replace(part, change, StringComparison.Ordinal));

        AnnException error = Assert.Throws<AnnException>(() => FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu));

        bool isMissing = error.Message.Contains("gone.txt", StringComparison.Ordinal);
        Assert.Equal(isMissing ? AnnError.NotFound : AnnError.InvalidArgument, error.Error);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void WhatChangesARowChangesTheFingerprintAndNothingElseDoes()
    {
        string[] same =
        [
            Description, Description.Replace("\"country.txt\"", "\"land.txt\"", StringComparison.Ordinal),
            Description.Replace(
                "\"name\": \"age\", ", "\"name\": \"age\", \"columns\": 1, \"type\": \"float\", ", StringComparison.Ordinal),
        ];
        string[] others =
        [
            Description.Replace("\"seed\": 5", "\"seed\": 6", StringComparison.Ordinal),
            Description.Replace("-1", "-2", StringComparison.Ordinal),
            Description.Replace("\"last\"", "\"first\"", StringComparison.Ordinal),
            Description.Replace("\"country.txt\"", "\"order.txt\"", StringComparison.Ordinal),
        ];

        Assert.Single(same.Select(Fingerprint).Distinct());
        Assert.Equal(1 + others.Length, others.Select(Fingerprint).Append(Fingerprint(Description)).Distinct().Count());

        static ulong Fingerprint(string description)
        {
            using TemporaryFolder folder = Described(description);
            using FeatureEncoder encoder = FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu);
            return encoder.Info.Fingerprint;
        }
    }

    [Fact]
    public void RowsOfOneInputAndRowsOfFieldsAreToldApart()
    {
        using TemporaryFolder folder = Described(Description), plain = new TemporaryFolder().With("model.onnx", TinyModels.UserTower());
        using FeatureEncoder fields = FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu);
        using FeatureEncoder matrix = FeatureEncoder.Open(plain.Path, DefaultEncoderTests.Cpu);

        Assert.Contains(
            "reads rows of the fields age, place, user,",
            Assert.Throws<AnnException>(() => fields.Encode([1f], rows: 1, new float[15])).Message);
        Assert.Contains(
            "found rows of named fields",
            Assert.Throws<AnnException>(() => matrix.Encode([new FeatureRow()], new float[2])).Message);
        Assert.Empty(matrix.Fields);
    }

    /// <summary>Every input as floats, side by side: 3 + 1 + 3 + 3 + 1 + 2 + 2.</summary>
    internal static TemporaryFolder Described(string description)
    {
        (string Name, DataType Type, string Columns)[] inputs =
        [
            ("dense", DataType.Float, "3"), ("user", DataType.Int64, ""), ("genres", DataType.Int64, "3"),
            ("genres_mask", DataType.Bool, "wide"), ("genres_count", DataType.Int64, ""), ("seen", (DataType)Int32, "seen"),
            ("words", DataType.Int64, "2"),
        ];
        GraphWriter graph = new GraphWriter("fields").Weight<long>("column", [-1, 1], 2);
        foreach ((string name, DataType type, string columns) in inputs)
        {
            graph.Input(name, type, columns.Length == 0 ? ["batch"] : ["batch", columns])
                .Node("Cast", [name], name + "_floats", ("to", (long)DataType.Float));
            if (columns.Length == 0)
                graph.Node("Reshape", [name + "_floats", "column"], name + "_column");
        }
        string[] all = [.. inputs.Select(static one => one.Name + (one.Columns.Length == 0 ? "_column" : "_floats"))];
        graph.Node("Concat", all, "row", ("axis", 1))
            .Output("row", DataType.Float, "batch", "15");
        return new TemporaryFolder().With("model.onnx", graph.ToBytes()).With("encoder.json", description)
            .With("country.txt", "Peru\nChile\n").With("land.txt", "Peru\nChile\n").With("order.txt", "Chile\nPeru\n")
            .With("twice.txt", "a\nb\na\n").With("empty.txt", "");
    }
}
