using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Ranking;

namespace Ann.Tests.Ranking;

public class RankingValidationTests
{
    private static readonly AttributeSchema Schema = new(
    [
        new AttributeField("brand", AttributeType.Keyword), new AttributeField("tags", AttributeType.KeywordSet),
        new AttributeField("shop", AttributeType.Int64), new AttributeField("new", AttributeType.Bool),
        new AttributeField("price", AttributeType.Double), new AttributeField("since", AttributeType.Timestamp),
    ]);

    private static readonly Filter Any = new Filter.Exists("brand");

    private static readonly RankingQuery Plain = new() { K = 10 };

    /// <remarks>Queries as objects: tests are public, and queries are not.</remarks>
    public static TheoryData<string, object, string> Refused => new()
    {
        { "k", Plain with { K = 0 }, "k is 0" },
        { "k", Plain with { K = 10_001 }, "10001" },
        { "ef_search", Plain with { EfSearch = 9 }, "ef_search is 9" },
        { "min_score", Plain with { MaxDistance = float.NaN }, "NaN" },
        { "caps", Plain with { Caps = [.. Enumerable.Repeat(new Cap("brand", 1), 17)] }, "17" },
        { "floors", Plain with { Floors = [.. Enumerable.Repeat(new Floor(Any, 1), 17)] }, "17" },
        { "caps[1].attribute", Plain with { Caps = [new Cap("brand", 1), new Cap("band", 1)] }, "'band' is unknown" },
        { "caps[0].attribute", Plain with { Caps = [new Cap("price", 1)] }, "Double" },
        { "caps[0].attribute", Plain with { Caps = [new Cap("since", 1)] }, "Timestamp" },
        { "caps[0].most", Plain with { Caps = [new Cap("brand", 0)] }, "most is 0" },
        { "caps[0].most", Plain with { Caps = [new Cap("brand", 10_001)] }, "10001" },
        { "floors[1].least", Plain with { Floors = [new Floor(Any, 10), new Floor(Any, 11)] }, "least is 11" },
        { "floors[0].least", Plain with { Floors = [new Floor(Any, 0)] }, "least is 0" },
        { "diversity.lambda", Plain with { Diversity = new Diversity(1.01f, 20) }, "1.01" },
        { "diversity.lambda", Plain with { Diversity = new Diversity(float.NaN, 20) }, "NaN" },
        { "diversity.candidates", Plain with { Diversity = new Diversity(0.5f, 9) }, "candidates is 9" },
        { "diversity.candidates", Plain with { Diversity = new Diversity(0.5f, 10_001) }, "10001" },
        { "union.least_per_row", Plain with { Union = new UnionMerge(4) }, "least_per_row is 4" },
        { "union.least_per_row", Plain with { Union = new UnionMerge(-1) }, "-1" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void RefusesAndNamesTheField(string field, object query, string part)
    {
        AnnException error = Assert.Throws<AnnException>(() => RankingValidation.Check((RankingQuery)query, Schema, 3));
        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Equal(field, error.Field);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TakesAllTypesOfCapsAndFloorsThatOverlap()
    {
        RankingQuery query = Plain with
        {
            Caps = [new Cap("brand", 1), new Cap("tags", 10_000), new Cap("shop", 3), new Cap("new", 5)],
            Floors = [new Floor(Any, 10), new Floor(Any, 10)],
            Diversity = new Diversity(0, 10),
            Union = new UnionMerge(3),
        };
        RankingValidation.Check(query, Schema, 3);
    }
}
