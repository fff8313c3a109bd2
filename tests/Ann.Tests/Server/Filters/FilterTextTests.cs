using Ann.Core;
using Ann.Core.Attributes;
using Ann.Server.Filters;
using Google.Protobuf;
using AttributeType = Ann.Core.Attributes.AttributeType;
using Filter = Ann.Protocol.V1.Filter;
using KeyKind = Ann.Core.Keys.KeyKind;

namespace Ann.Tests.Server.Filters;

/// <summary>Goal: a filter that a person writes is the one that is sent, and a mistake is shown where it is.</summary>
public sealed class FilterTextTests
{
    private static readonly AttributeSchema Schema = new(
    [
        new("sku", AttributeType.Keyword), new("price", AttributeType.Double), new("stock", AttributeType.Int64),
        new("since", AttributeType.Timestamp), new("fresh", AttributeType.Bool),
    ]);

    [Theory]
    [InlineData("category in (shoes, boots)", """{"in":{"attribute":"category","keywords":["shoes","boots"]}}""")]
    [InlineData("stock = 5", """{"in":{"attribute":"stock","integers":["5"]}}""")]
    [InlineData("fresh = true", """{"in":{"attribute":"fresh","bools":[true]}}""")]
    [InlineData("name = \"5\"", """{"in":{"attribute":"name","keywords":["5"]}}""")]
    [InlineData("name = 'a \"b\" \\'c\\' (d)'", """{"in":{"attribute":"name","keywords":["a \"b\" 'c' (d)"]}}""")]
    [InlineData("price < 50", """{"range":{"attribute":"price","to":{"integer":"50","exclusive":true}}}""")]
    [InlineData("price>=1.5e3", """{"range":{"attribute":"price","from":{"real":1500}}}""")]
    [InlineData("price between -1 and 2.5", """{"range":{"attribute":"price","from":{"integer":"-1"},"to":{"real":2.5}}}""")]
    [InlineData("1 <= price < 2", """{"range":{"attribute":"price","from":{"integer":"1"},"to":{"integer":"2","exclusive":true}}}""")]
    [InlineData("1 < price", """{"range":{"attribute":"price","from":{"integer":"1","exclusive":true}}}""")]
    [InlineData("since >= 1970-01-01T00:00:01Z", """{"range":{"attribute":"since","from":{"integer":"1000000"}}}""")]
    [InlineData("exists(tag)", """{"exists":"tag"}""")]
    [InlineData("NOT EXISTS ( tag )", """{"noneOf":{"exists":"tag"}}""")]
    [InlineData("key in (1, 2)", """{"keys":{"numbers":["1","2"]}}""")]
    [InlineData("stock == 5", """{"in":{"attribute":"stock","integers":["5"]}}""")]
    [InlineData("stock!=5", """{"noneOf":{"in":{"attribute":"stock","integers":["5"]}}}""")]
    [InlineData("category != \"!=\"", """{"noneOf":{"in":{"attribute":"category","keywords":["!="]}}}""")]
    [InlineData("name = wow!", """{"in":{"attribute":"name","keywords":["wow!"]}}""")]
    [InlineData("key != 3", """{"noneOf":{"keys":{"numbers":["3"]}}}""")]
    [InlineData("not a != b", """{"noneOf":{"noneOf":{"in":{"attribute":"a","keywords":["b"]}}}}""")]
    [InlineData("key = a-1", """{"keys":{"texts":["a-1"]}}""")]
    [InlineData("\"key\" = a", """{"in":{"attribute":"key","keywords":["a"]}}""")]
    [InlineData(
        "exists(a) or exists(b) and exists(c)",
        """{"anyOf":{"clauses":[{"exists":"a"},{"allOf":{"clauses":[{"exists":"b"},{"exists":"c"}]}}]}}""")]
    [InlineData(
        "(exists(a) or exists(b)) and exists(c)",
        """{"allOf":{"clauses":[{"anyOf":{"clauses":[{"exists":"a"},{"exists":"b"}]}},{"exists":"c"}]}}""")]
    [InlineData("not exists(a) and exists(b)", """{"allOf":{"clauses":[{"noneOf":{"exists":"a"}},{"exists":"b"}]}}""")]
    [InlineData(" {\"exists\": \"tag\"}", """{"exists":"tag"}""")]
    public void AFilterIsRead(string text, string json) =>
        Assert.Equal(JsonParser.Default.Parse<Filter>(json), FilterParser.Parse("--filter", text));

    [Theory]
    [InlineData("sku = 17", """{"in":{"attribute":"sku","keywords":["17"]}}""")]
    [InlineData("sku in (true, 1.5)", """{"in":{"attribute":"sku","keywords":["true","1.5"]}}""")]
    [InlineData("since = 1970-01-01T00:00:01Z", """{"in":{"attribute":"since","integers":["1000000"]}}""")]
    [InlineData("key = 17", """{"keys":{"texts":["17"]}}""")]
    public void TheAttributesTypeDecides(string text, string json) =>
        Assert.Equal(JsonParser.Default.Parse<Filter>(json), FilterParser.Parse("--filter", text, Schema, KeyKind.String));

    [Theory]
    [InlineData("", 1, "the name of an attribute")]
    [InlineData("price", 6, "'=', '!=', 'in', '<', '<=', '>', '>=' or 'between'; found the end")]
    [InlineData("price = ", 9, "a value; found the end")]
    [InlineData("price ! 5", 7, "'=', '!=', 'in', '<', '<=', '>', '>=' or 'between'; found '!'")]
    [InlineData("price !== 5", 9, "a value; found '='")]
    [InlineData("price != 1.5", 10, "a range: numbers with fractions")]
    [InlineData("a in (b", 8, "',' or ')'; found the end")]
    [InlineData("a in ()", 7, "a value; found ')'")]
    [InlineData("a = b c = d", 7, "'and', 'or' or the end; found 'c'")]
    [InlineData("a = b and", 10, "the name of an attribute; found the end")]
    [InlineData("(a = b", 7, "')'; found the end")]
    [InlineData("a = \"b", 5, "a closing \" for this one; found the end")]
    [InlineData("a = \"\\n\"", 6, "in quotes a \\ stands before these only); found '\\n'")]
    [InlineData("a < b", 5, "a number, or a time such as")]
    [InlineData("a between 1 2", 13, "'and' between the two ends; found '2'")]
    [InlineData("exists tag", 8, "'('; found 'tag'")]
    [InlineData("key < 5", 5, "'=', '!=' or 'in' behind key; found '<'")]
    [InlineData("key in (1, a)", 12, "a key like those before it; found 'a'")]
    [InlineData("a in (1, b)", 10, "a value like those before it; found 'b'")]
    [InlineData("a = 9223372036854775808", 5, "a whole number of 64 bits")]
    [InlineData("a = 1.5", 5, "a range: numbers with fractions are not compared for equality, so write a between")]
    public void AMistakeIsShownWhereItIs(string text, int position, string expected)
    {
        AnnException error = Assert.Throws<AnnException>(() => FilterParser.Parse("--filter", text));

        Assert.StartsWith($"--filter: character {position}: expected ", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.Equal("--filter", error.Field);
    }

    [Theory]
    [InlineData("price = 5", "a range: numbers with fractions")]
    [InlineData("stock < 1.5", "a whole number of 64 bits; found '1.5'")]
    [InlineData("stock = 2026-01-01T00:00:00Z", "a whole number of 64 bits")]
    [InlineData("since > yesterday", "a time with an offset")]
    [InlineData("since > 2026-01-31T12:00:00", "found '2026-01-31T12:00:00', which has no offset")]
    [InlineData("since = 2026-02-30T12:00:00Z", "which is of a day that there is not")]
    [InlineData("fresh = yes", "true or false; found 'yes'")]
    [InlineData("sku < 5 and sku > a", "it has no order")]
    [InlineData("key = a", "a key, which is a whole number of 0 to 2^64")]
    public void AValueOfAnotherTypeIsRefused(string text, string expected)
    {
        AnnException error = Assert.Throws<AnnException>(() => FilterParser.Parse("--filter", text, Schema, KeyKind.UInt64));

        Assert.Contains(expected, error.Message);
    }

    /// <summary>A time that a serialiser wrote is the time that it is in a file of items, cut to the microsecond like there.</summary>
    [Theory]
    [InlineData("since >= 2023-01-01T00:00:00.1234567Z")]
    [InlineData("since >= 2023-01-01t00:00:00.123456z")]
    [InlineData("since >= \"2023-01-01 00:00:00.123456789+00\"")]
    [InlineData("\"2023-01-01 00:00:00.123456Z\" <= since and since >= 1672531200123456")]
    public void TimesAreReadAsInFiles(string text)
    {
        foreach (AttributeSchema? schema in new[] { Schema, null })
        {
            Filter filter = FilterParser.Parse("--filter", text, schema, KeyKind.UInt64);
            Filter range = filter.AllOf?.Clauses[0] ?? filter;
            Assert.Equal(1_672_531_200_123_456, range.Range.From.Integer);
        }
    }

    [Fact]
    public void WrongJsonAndEndlessNestingAreRefused()
    {
        Assert.Contains("--filter is no JSON of ann.v1.Filter", Refusal("{\"exist\": 1}"));
        Assert.Contains("--filter is no JSON of ann.v1.Filter", Refusal("{"));
        Assert.Contains("at most 128 levels", Refusal(new string('(', 100_000)));
        Assert.Contains("at most 128 levels", Refusal(string.Concat(Enumerable.Repeat("not ", 100_000))));
    }

    [Fact]
    public void AnyFilterIsReadBackFromItsText()
    {
        const int Seed = 20260;
        Random random = new(Seed);
        for (int round = 0; round < 2000; round++)
        {
            Filter filter = RandomFilters.Next(random, depth: 4);
            string text = FilterText.Of(filter);
            Filter read = FilterParser.Parse("--filter", text);
            Assert.True(filter.Equals(read), $"seed {Seed}, round {round}: {text}\nwritten {filter}\nread    {read}");
        }
    }

    private static string Refusal(string text) => Assert.Throws<AnnException>(() => FilterParser.Parse("--filter", text)).Message;
}
