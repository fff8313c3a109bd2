using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: members of a line become the attributes of its row, whatever else the line holds.</summary>
public sealed class JsonlAttributeTests : IDisposable
{
    private static readonly AttributeSchema Schema = new(
        [new("title", AttributeType.Keyword), new("price", AttributeType.Double), new("tags", AttributeType.KeywordSet)]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void MembersAreReadInPiecesAsTheRowsAre()
    {
        string path = _folder.Write("x.jsonl", """
            {"id": 1, "price": 1.5, "vector": [1], "other": {"price": 9}, "title": "one"}

            {"id": 2, "vector": [2], "tags": ["a", "b"], "price": null}
            {"id": 3, "vector": [3], "price": 3}
            """);
        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path, Schema);
        float[] rows = new float[2];

        Assert.Equal(2, reader.ReadRows(rows));
        AttributeBatch first = reader.TakeAttributes()!;
        Assert.Equal(1, reader.ReadRows(rows));
        AttributeBatch second = reader.TakeAttributes()!;

        Assert.Equal((2, 1), (first.Count, second.Count));
        Assert.Equal("one"u8, first.Columns[0].TextAt(0));
        Assert.Equal(1.5, first.Columns[1].DoubleAt(0));
        Assert.False(first.Columns[1].Has(1));
        Assert.Equal(2, first.Columns[2].TextCount(1));
        Assert.False(first.Columns[2].Has(0));
        Assert.Equal(3, second.Columns[1].DoubleAt(0));
    }

    [Fact]
    public void AWrongMemberNamesItsLine()
    {
        string path = _folder.Write("x.jsonl", "{\"id\": 1, \"vector\": [1]}\n\n{\"id\": 2, \"vector\": [1], \"price\": \"2\"}\n");
        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path, Schema);

        AnnException error = Assert.Throws<AnnException>(() => reader.ReadRows(new float[2]));

        Assert.Equal($"{path}: line 3: \"price\" must be a number of 64 bits; found a string.", error.Message);
    }

    [Fact]
    public void WrittenMembersComeBack()
    {
        AttributeBatch batch = new(Schema);
        batch.Columns[0].Add("x"u8);
        batch.Columns[1].AddMissing();
        batch.Columns[2].AddToSet("t"u8);
        batch.Columns[2].EndSet();
        using (VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["y.jsonl"], 1, 2))
        {
            writer.Write([1, 2], batch);
            writer.Commit();
        }

        Assert.Equal("{\"id\":0,\"vector\":[1,2],\"title\":\"x\",\"tags\":[\"t\"]}\n", File.ReadAllText(_folder["y.jsonl"]));
    }

    [Fact]
    public void AnAttributeWithTheNameOfAnotherMemberIsNotWritten()
    {
        AttributeBatch batch = new(new AttributeSchema([new("vector", AttributeType.Bool)]));
        foreach (AttributeColumn column in batch.Columns)
            column.AddMissing();
        using VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["y.jsonl"], 1, 1);

        Assert.Contains("attribute 'vector'", Assert.Throws<AnnException>(() => writer.Write([1], batch)).Message);
    }
}
