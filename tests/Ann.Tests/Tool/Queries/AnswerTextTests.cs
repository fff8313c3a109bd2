using System.Text.Json;
using System.Text.Json.Nodes;
using Ann.Protocol.V1;
using Ann.Tool;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Ann.Tool.Verbs;

namespace Ann.Tests.Tool.Queries;

/// <summary>Goal: what the server says of an answer reaches the person who asked.</summary>
public sealed class AnswerTextTests
{
    private static readonly IndexDescription Index = new()
    {
        Name = "shop",
        Attributes =
        {
            new AttributeField { Name = "brand", Type = AttributeType.Keyword },
            new AttributeField { Name = "tags", Type = AttributeType.KeywordSet },
            new AttributeField { Name = "since", Type = AttributeType.Timestamp },
            new AttributeField { Name = "price", Type = AttributeType.Double },
        },
    };

    [Fact]
    public void AMergedListIsTakenApart()
    {
        SearchRequest search = new()
        {
            Index = "shop",
            Attributes = { "brand", "tags", "since", "price" },
            Caps = { new Cap { Attribute = "brand", Most = 1 } },
            Floors = { new Floor { Filter = new Filter { Exists = "tags" }, Least = 3 } },
        };
        SearchResponse found = new()
        {
            Keys = new KeyColumn { Texts = { "a", "b" } },
            Scores = { 0.9f, 0.8f },
            RowOffsets = { 0, 2 },
            FromRows = { 1, 0 },
            Completeness = Completeness.TruncatedDeadline,
            Attributes =
            {
                new AttributeColumn { Name = "brand", Keywords = { "acme", "" }, Missing = { 1 } },
                new AttributeColumn
                {
                    Name = "tags",
                    KeywordSets = { new KeywordSet { Values = { "x", "y" } }, new KeywordSet() },
                },
                new AttributeColumn { Name = "since", Integers = { 1_000_000, 0 } },
                new AttributeColumn { Name = "price", Doubles = { 1.5, double.PositiveInfinity } },
            },
            Quotas =
            {
                new QuotaFact { Row = 0, Cap = 0, Value = "acme", Count = 4 },
                new QuotaFact { Row = 0, Floor = 0, Count = 2 },
            },
            Stats = new SearchStats
            {
                Plan = Plan.TwoHopWalk,
                Matching = 120,
                Selectivity = 0.012,
                FilterUs = 30,
                EstimatedRecall = 0.97,
                EfSearch = 128,
                BrownOut = 2,
                TargetOutOfReach = true,
            },
        };

        QueryReport report = QueryVerb.Report(search, Index, found, ["one", "two"], []);

        QueryAnswer answer = Assert.Single(report.Queries);
        Assert.Equal("union of 2 queries", answer.Text);
        Assert.Equal([1u, 0u], answer.Results.Select(hit => hit.FromRow));
        Assert.Equal(
            ["{\"brand\":\"acme\",\"tags\":[\"x\",\"y\"],\"since\":\"1970-01-01T00:00:01Z\",\"price\":1.5}",
                "{\"tags\":[],\"since\":\"1970-01-01T00:00:00Z\",\"price\":\"Infinity\"}"],
            answer.Results.Select(hit => hit.Attributes!.ToJsonString()));
        Assert.Equal(
            ("two_hop_walk", "truncated_deadline", 120ul, 0.012, 0.97),
            (report.Plan, report.Completeness, report.Matching!.Value, report.Selectivity!.Value, report.EstimatedRecall!.Value));
        Assert.Equal(
            [new QuotaReport(0, "cap", "brand", "acme", 4), new QuotaReport(0, "floor", "exists(tags)", null, 2)], report.Quotas);

        StringWriter text = new();
        SearchAnswers.Print(text, answer);
        Assert.Contains("a  brand=acme  tags=x,y  since=1970-01-01T00:00:01Z  price=1.5\n", text.ToString().ReplaceLineEndings("\n"));
        AnswerFacts.Print(text, report);
        string printed = text.ToString();
        Assert.Contains("plan two_hop_walk, ef 128, 120 items match (1.2 %", printed);
        Assert.Contains("truncated_deadline, estimated recall 0.970, recall target out of reach, brown-out step 2", printed);
        Assert.Contains("cap on brand kept out 4 nearer items of 'acme'", printed);
        Assert.Contains("floor \"exists(tags)\" lacks 2 items", printed);
    }

    [Fact]
    public void TextsOfOthersStayOnTheirLine()
    {
        QueryHit hit = new()
        {
            Key = "a\nb\t\u001b[31m",
            Score = 1,
            Title = "one\r\ntwo\u2028three",
            Attributes = new JsonObject { ["cat"] = new JsonArray("1", "16\n2"), ["n"] = 5 },
        };
        StringWriter text = new();

        SearchAnswers.Print(text, new QueryAnswer("q", [hit]));

        Assert.EndsWith(
            "  a\\nb\\t\\u001b[31m  one\\r\\ntwo\\u2028three  cat=1,16\\n2  n=5\n", text.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void TheTimeOfTheServerIsToldApartFromTheRoundTrip()
    {
        SearchResponse found = new()
        {
            Keys = new KeyColumn { Numbers = { 7 } },
            Scores = { 1 },
            RowOffsets = { 0, 1 },
            Stats = new SearchStats { Visited = 3, SearchUs = 201, QueueUs = 1_500 },
        };
        QueryReport report = QueryVerb.Report(new SearchRequest { Index = "shop" }, Index, found, ["one"], []);

        StringWriter text = new();
        ToolContext tool = new() { Out = text, Error = TextWriter.Null, CacheDirectory = "" };
        QueryVerb.Write(tool, report with { RoundTripUs = 173_610 }, asJson: false);
        Assert.Contains("generation : searched for 0.20 ms, 3 distances", text.ToString());
        Assert.Contains("round trip 173.61 ms, with the network", text.ToString());
        Assert.Contains("1.50 ms of it in the server's queue", text.ToString());

        text.GetStringBuilder().Clear();
        QueryVerb.Write(tool, report with { RoundTripUs = 173_610 }, asJson: true);
        JsonElement json = JsonDocument.Parse(text.ToString()).RootElement;
        Assert.Equal(201, json.GetProperty("search_us").GetInt32());
        Assert.Equal(1_500, json.GetProperty("queue_us").GetInt32());
        Assert.Equal(173_610, json.GetProperty("round_trip_us").GetDouble());
    }

    [Fact]
    public void AnAnswerThatSaysNothingOfItselfStaysQuiet()
    {
        SearchResponse found = new() { Keys = new KeyColumn(), RowOffsets = { 0, 0, 0 } };

        QueryReport report = QueryVerb.Report(new SearchRequest { Index = "shop" }, Index, found, ["one", "two"], []);

        Assert.Equal(["one", "two"], report.Queries.Select(query => query.Text));
        StringWriter text = new();
        AnswerFacts.Print(text, report);
        Assert.Equal("", text.ToString());
    }

    [Fact]
    public void AnExplanationIsPrintedWithWhatBelongsToIt()
    {
        ExplainRequest request = new()
        {
            Key = new KeyColumn { Numbers = { 17 } },
            Search = new SearchRequest { Caps = { new Cap { Attribute = "brand", Most = 2 } } },
        };
        ExplainResponse response = new()
        {
            Verdict = Verdict.Capped,
            Explanation = "Two of acme are nearer.",
            Score = 0.5f,
            Row = 1,
            ExactRank = 12,
            CappedBy = { 0 },
            Reachable = true,
            Generation = "00",
        };
        StringWriter text = new();

        VerdictText.Print(text, request, response);

        string printed = text.ToString().ReplaceLineEndings("\n");
        Assert.StartsWith(
            "17: capped\n  Two of acme are nearer.\n  score         0.5000, nearest to query 1\n  exact rank    12\n", printed);
        Assert.Contains("  capped by     at most 2 of each brand\n  reachable     yes\n", printed);
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
            Assert.Equal(verdict == Verdict.Unspecified, VerdictText.Word(verdict) == "no verdict");
    }
}
