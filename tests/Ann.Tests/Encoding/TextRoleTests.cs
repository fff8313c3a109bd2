using Ann.Core;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>Goal: queries and documents get the words in front of them that their model was trained with, and one fingerprint.</summary>
public sealed class TextRoleTests
{
    [Fact]
    public void Each_role_has_its_prefix()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("""{ "query_prefix": "red ", "document_prefix": "blue " }""");
        using TemporaryFolder plain = TextEncoderTests.Described("{}");
        using TextEncoder encoder = TextEncoderTests.Open(folder), without = TextEncoderTests.Open(plain);

        Assert.Equal(without.Encode("red shoe"), encoder.Encode(TextRole.Query, "shoe"));
        Assert.Equal(without.Encode("blue shoe"), encoder.Encode(TextRole.Document, "shoe"));
        Assert.Equal(without.Encode(TextRole.Query, "shoe"), without.Encode(TextRole.Document, "shoe"));
        Assert.False(encoder.HasTokens(""));
    }

    [Fact]
    public void Both_prefixes_are_in_the_fingerprint_and_none_changes_nothing()
    {
        string[] descriptions =
        [
            "{}",
            """{ "query_prefix": "red " }""",
            """{ "document_prefix": "red " }""",
            """{ "query_prefix": "red ", "document_prefix": "red " }""",
            """{ "query_prefix": "red", "document_prefix": " red " }""",
            """{ "query_prefix": "red\" document_prefix=\"x" }""",
        ];

        Assert.Equal(descriptions.Length, descriptions.Select(Fingerprint).Distinct().Count());
        Assert.Equal(Fingerprint("{}"), Fingerprint("""{ "query_prefix": "", "document_prefix": "" }"""));
    }

    [Fact]
    public void A_prefix_counts_among_the_tokens()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("""{ "query_prefix": "red blue ", "max_tokens": 4 }""");
        using TemporaryFolder plain = TextEncoderTests.Described("{}");
        using TextEncoder encoder = TextEncoderTests.Open(folder), without = TextEncoderTests.Open(plain);

        Assert.Equal(without.Encode("red blue"), encoder.Encode(TextRole.Query, "shoe shoe shoe"));
    }

    [Fact]
    public void A_prefix_has_a_limit()
    {
        using TemporaryFolder folder = TextEncoderTests.Described($$"""{ "query_prefix": "{{new string('x', 4097)}}" }""");

        Assert.Contains(
            "field 'query_prefix': expected a string of at most 4096 characters; found",
            Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder)).Message);
    }

    private static ulong Fingerprint(string description)
    {
        using TemporaryFolder folder = TextEncoderTests.Described(description);
        using TextEncoder encoder = TextEncoderTests.Open(folder);
        return encoder.Info.Fingerprint;
    }
}
