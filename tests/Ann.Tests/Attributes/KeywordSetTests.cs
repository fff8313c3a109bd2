using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Server.Mapping;
using Wire = Ann.Protocol.V1;

namespace Ann.Tests.Attributes;

/// <summary>Goal: a set of texts is as large as the different ones in it, whichever way it comes.</summary>
public sealed class KeywordSetTests
{
    private static readonly AttributeSchema Schema = new([new AttributeField("tags", AttributeType.KeywordSet)]);

    [Theory]
    [InlineData(300, 3)]
    [InlineData(300, AttributeSchema.MaxSetSize)]
    [InlineData(5000, 1)]
    public void ATextCountsOnce(int entries, int different)
    {
        foreach (Func<string[], AttributeColumn> read in new[] { FromJson, FromWire })
        {
            AttributeColumn column = read([.. Enumerable.Range(0, entries).Select(i => $"t{i % different}")]);

            Assert.Equal(
                Enumerable.Range(0, different).Select(static i => $"t{i}"),
                Enumerable.Range(0, column.TextCount(0)).Select(i => System.Text.Encoding.UTF8.GetString(column.TextAt(0, i))));
        }
    }

    [Fact]
    public void OneTextTooManyIsRefused()
    {
        string[] texts = [.. Enumerable.Range(0, AttributeSchema.MaxSetSize + 1).Select(static i => $"t{i}")];

        Assert.Contains("more than 256 different texts", Assert.ThrowsAny<Exception>(() => FromJson(texts)).Message);
        Assert.Contains("more than 256 different texts", Assert.Throws<AnnException>(() => FromWire(texts)).Message);
    }

    private static AttributeColumn FromJson(string[] texts)
    {
        AttributeBatch batch = new(Schema);
        System.Text.Json.Utf8JsonReader json = new(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(texts));
        json.Read();
        AttributeJson.Read(ref json, batch.Columns[0]);
        return batch.Columns[0];
    }

    private static AttributeColumn FromWire(string[] texts) => WireAttributes.Read(
        [new Wire.AttributeColumn { Name = "tags", KeywordSets = { new Wire.KeywordSet { Values = { texts } } } }], Schema, 1)!.Columns[0];
}
