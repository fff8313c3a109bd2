using System.Globalization;
using Ann.Core.Attributes;

namespace Ann.Tests.Attributes;

public sealed class GrowingKeywordsTests
{
    [Fact]
    public void EachTextHasOneOrdinalAndIsFoundByIt()
    {
        const int Seed = 20261201;
        Random random = new(Seed);
        GrowingKeywords keywords = new();
        Dictionary<string, int> expected = [];
        for (int i = 0; i < 60_000; i++)
        {
            string text = random.Next(100) == 0
                ? new string((char)('a' + random.Next(26)), random.Next(AttributeSchema.MaxKeywordBytes + 1))
                : random.Next(20_000).ToString(CultureInfo.InvariantCulture);
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
            bool known = expected.TryGetValue(text, out int ordinal);
            Assert.Equal(known ? ordinal : -1, keywords.Find(bytes));
            expected[text] = keywords.Add(bytes);
            Assert.True(!known || expected[text] == ordinal, $"'{text}', seed {Seed}");
        }

        Assert.Equal(expected.Count, keywords.Count);
        Assert.Equal(Enumerable.Range(0, expected.Count), expected.Values.Order());
        foreach ((string text, int ordinal) in expected)
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString(keywords.At(ordinal)));
        Assert.InRange(keywords.MemoryBytes, expected.Keys.Sum(text => text.Length), 4L << 20);
    }
}
