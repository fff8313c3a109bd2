using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: attributes come back beside the rows they belong to, and what is wrong is refused with its line.</summary>
public sealed class AttributeSidecarTests : IDisposable
{
    private const string Header = "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"name\":\"keyword\",\"tags\":\"keywords\"," +
        "\"stock\":\"int64\",\"price\":\"double\",\"fresh\":\"bool\",\"since\":\"timestamp\"}}\n";

    private static readonly AttributeSchema Schema = new(
    [
        new("name", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("fresh", AttributeType.Bool), new("since", AttributeType.Timestamp),
    ]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ValuesOfEveryTypeComeBack()
    {
        string path = _folder.Write("x.attributes.jsonl", Header
            + "{\"name\":\"a \\\"b\\\" 鼠\",\"tags\":[\"x\",\"y\"],\"stock\":-9223372036854775808,\"price\":0.1,\"fresh\":true,"
            + "\"since\":\"2026-01-31T12:00:00.000001Z\"}\n"
            + "{\"tags\":[],\"price\":\"-Infinity\",\"since\":9223372036854775807,\"name\":null,\"fresh\":false}\n");

        AttributeBatch first = ReadAll(path);
        using (AttributeSidecarWriter writer = new(PhysicalFileSystem.Instance, _folder["y"], 2, Schema))
        {
            writer.Write(first);
            writer.Commit("0123456789abcdef");
        }
        AttributeBatch batch = ReadAll(_folder["y"]);

        Assert.Equal("a \"b\" 鼠", Text(batch.Columns[0].TextAt(0)));
        Assert.False(batch.Columns[0].Has(1));
        Assert.Equal(["x", "y"], Enumerable.Range(0, batch.Columns[1].TextCount(0)).Select(i => Text(batch.Columns[1].TextAt(0, i))));
        Assert.True(batch.Columns[1].Has(1));
        Assert.Equal(0, batch.Columns[1].TextCount(1));
        Assert.Equal(long.MinValue, batch.Columns[2].Int64At(0));
        Assert.False(batch.Columns[2].Has(1));
        Assert.Equal([0.1, double.NegativeInfinity], [batch.Columns[3].DoubleAt(0), batch.Columns[3].DoubleAt(1)]);
        Assert.Equal([true, false], [batch.Columns[4].BoolAt(0), batch.Columns[4].BoolAt(1)]);
        Assert.True(batch.Columns[4].Has(1));
        Assert.Equal([1_769_860_800_000_001, long.MaxValue], [batch.Columns[5].Int64At(0), batch.Columns[5].Int64At(1)]);
        using AttributeSidecarReader reader = new(PhysicalFileSystem.Instance, _folder["y"], wanted: null);
        Assert.Equal("0123456789abcdef", reader.Header.RowsHash);
    }

    [Fact]
    public void OnlyWhatIsWantedIsRead()
    {
        string path = _folder.Write("x", Header + "{\"name\":\"a\",\"price\":1.5}\n{\"stock\":\"not looked at\"}\n");

        using AttributeSidecarReader reader = new(
            PhysicalFileSystem.Instance, path, new AttributeSchema([new("price", AttributeType.Double)]));
        AttributeBatch batch = reader.Read(2);
        reader.RequireEnd();

        Assert.Equal(1.5, Assert.Single(batch.Columns).DoubleAt(0));
        Assert.False(batch.Columns[0].Has(1));
    }

    [Theory]
    [InlineData("price", AttributeType.Int64, "expected an attribute 'price' of type int64; found double")]
    [InlineData("colour", AttributeType.Keyword, "expected an attribute 'colour' of type keyword; found none of that name")]
    public void WhatItDoesNotHaveIsRefused(string name, AttributeType type, string reason)
    {
        string path = _folder.Write("x", Header);

        AnnException error = Assert.Throws<AnnException>(
            () => new AttributeSidecarReader(PhysicalFileSystem.Instance, path, new AttributeSchema([new(name, type)])));

        Assert.Equal($"{path}: line 1: {reason}.", error.Message);
    }

    [Theory]
    [InlineData("", "it is empty; expected a header")]
    [InlineData("nonsense\n", "line 1: not JSON")]
    [InlineData("{\"rows\":1}\n", "line 1: expected a header such as")]
    [InlineData("{\"ann_attributes\":2,\"rows\":1,\"attributes\":{}}\n", "line 1: version 2 of the format is not known; expected 1")]
    [InlineData(
        "{\"ann_attributes\":1,\"rows\":1,\"attributes\":{\"a\":\"float\"}}\n",
        "attribute 'a' has the type 'float'; expected one of keyword")]
    [InlineData("{\"ann_attributes\":1,\"rows\":1,\"attributes\":{\"a\":\"bool\",\"a\":\"bool\"}}\n", "attribute 'a' is there twice")]
    public void AWrongHeaderIsRefused(string text, string reason)
    {
        string path = _folder.Write("x", text);

        AnnException error = Assert.Throws<AnnException>(() => ReadAll(path));

        Assert.StartsWith(path + ": ", error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("{}\n", "its header says 2 rows; found 1")]
    [InlineData("{}\n{}\n{}\n", "line 4: its header says 2 rows; there are more")]
    [InlineData("[]\n{}\n", "line 2: expected an object with the values of a row; found an array")]
    [InlineData("{}\n{\"nane\":\"a\"}\n", "line 3: \"nane\" is no attribute of the header")]
    [InlineData("{}\n\n{\"name\":1}\n", "line 4: \"name\" must be a string; found 1")]
    [InlineData("{\"name\":[\"a\"]}\n{}\n", "line 2: \"name\" must be a string; found an array")]
    [InlineData("{\"tags\":\"a\"}\n{}\n", "line 2: \"tags\" must be an array of strings; found a string")]
    [InlineData("{\"tags\":[\"a\",null]}\n{}\n", "line 2: \"tags\" must be an array of strings only; found null")]
    [InlineData("{\"stock\":1.5}\n{}\n", "line 2: \"stock\" must be a whole number of 64 bits; found 1.5")]
    [InlineData("{\"stock\":9223372036854775808}\n{}\n", "line 2: \"stock\" must be a whole number of 64 bits; found 9223372036854775808")]
    [InlineData("{\"price\":1e999}\n{}\n", "line 2: \"price\" must be a number of 64 bits; found 1e999")]
    [InlineData("{\"price\":\"cheap\"}\n{}\n", "line 2: \"price\" must be a number of 64 bits; found a string")]
    [InlineData("{\"fresh\":1}\n{}\n", "line 2: \"fresh\" must be true or false; found 1")]
    [InlineData("{\"since\":\"2026-01-31\"}\n{}\n", "line 2: \"since\" must be a time with an offset")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}\n{}\n", "line 2: it has two members \"name\"")]
    [InlineData("{\"name\":\"a\"} 1\n{}\n", "line 2: not JSON")]
    public void AWrongRowIsRefused(string rows, string reason)
    {
        string path = _folder.Write("x", Header + rows);

        AnnException error = Assert.Throws<AnnException>(() => ReadAll(path));

        Assert.StartsWith(path + ": ", error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void TextsAndSetsThatAreTooLongAreRefused()
    {
        string longText = new('é', AttributeSchema.MaxKeywordBytes / 2);
        string escaped = string.Concat(Enumerable.Repeat("\\u00e9", AttributeSchema.MaxKeywordBytes / 2));
        string[] set = [.. Enumerable.Range(0, AttributeSchema.MaxSetSize + 1).Select(i => $"\"{i}\"")];

        AttributeBatch fits = ReadAll(_folder.Write("x", Header + $"{{\"name\":\"{longText}\"}}\n{{\"name\":\"{escaped}\"}}\n"));
        AnnException tooLong = Assert.Throws<AnnException>(
            () => ReadAll(_folder.Write("y", Header + $"{{}}\n{{\"name\":\"{longText}a\"}}\n")));
        AnnException tooMany = Assert.Throws<AnnException>(
            () => ReadAll(_folder.Write("z", Header + $"{{\"tags\":[{string.Join(',', set)}]}}\n{{}}\n")));

        Assert.Equal(longText, Text(fits.Columns[0].TextAt(0)));
        Assert.Equal(longText, Text(fits.Columns[0].TextAt(1)));
        Assert.Contains("y: line 3: a text of \"name\" takes 1025 bytes; at most 1024 are taken", tooLong.Message);
        Assert.Contains("z: line 2: \"tags\" has more than 256 different texts", tooMany.Message);
    }

    [Fact]
    public void AnAbandonedSidecarLeavesNothing()
    {
        using (AttributeSidecarWriter writer = new(PhysicalFileSystem.Instance, _folder["x"], 2, Schema))
            Assert.Throws<InvalidOperationException>(() => writer.Commit("0123456789abcdef"));

        Assert.Empty(_folder.Names());
    }

    private static AttributeBatch ReadAll(string path)
    {
        using AttributeSidecarReader reader = new(PhysicalFileSystem.Instance, path, wanted: null);
        AttributeBatch batch = reader.Read((int)reader.Header.Rows);
        reader.RequireEnd();
        return batch;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);
}
