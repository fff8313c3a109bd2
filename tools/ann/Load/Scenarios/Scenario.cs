using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ann.Tool.Load.Scenarios;

/// <summary>
/// A load of several streams at once, in phases: a file of <c>ann load --scenario</c>. What is not set has its default: properties that
/// have one are set and not initialised, since the reader would else put zero in the place of it.
/// </summary>
internal sealed record Scenario
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>What it is a model of.</summary>
    public string Description { get; set; } = "";

    /// <summary>Seed of all that is drawn.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Load before the first phase, seconds.</summary>
    public double WarmUpS { get; set; } = 2;

    /// <summary>Names that stand in texts as <c>${name}</c>, with what they mean unless <c>--let</c> says it; null must be.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; set; } = new Dictionary<string, string?>();

    /// <summary>In their order, one after another.</summary>
    public required IReadOnlyList<ScenarioPhase> Phases { get; init; }

    /// <summary>All at once.</summary>
    public required IReadOnlyList<ScenarioStream> Streams { get; init; }

    /// <summary>What happens to the index meanwhile.</summary>
    public IReadOnlyList<ScenarioEvent> Events { get; set; } = [];
}

/// <summary>A part of the time, whose figures stand by themselves.</summary>
internal sealed record ScenarioPhase
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>How long it takes.</summary>
    public required double Seconds { get; init; }

    /// <summary>What the rates of all streams are multiplied by.</summary>
    public double RateFactor { get; set; } = 1;
}

/// <summary>Requests of one kind, at their own rate, over connections of their own: a client.</summary>
internal sealed record ScenarioStream
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="StreamKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Requests a second.</summary>
    public required double Rate { get; init; }

    /// <summary><c>poisson</c> or <c>constant</c>.</summary>
    public string Arrivals { get; set; } = "poisson";

    /// <summary>The phases in which it runs; null for all.</summary>
    public IReadOnlyList<string>? Phases { get; set; }

    /// <summary>HTTP/2 connections.</summary>
    public int Connections { get; set; } = 1;

    /// <summary>Requests under way at most.</summary>
    public int MaxInFlight { get; set; } = 4096;

    /// <summary>Deadline from the intended time, milliseconds; 0 for none.</summary>
    public int DeadlineMs { get; set; }

    /// <summary>What is wanted at the deadline is the best found so far, and no error.</summary>
    public bool BestSoFar { get; set; }

    /// <summary>Results.</summary>
    public int K { get; set; } = 10;

    /// <summary>Beam width; 0 for the server's.</summary>
    public int Ef { get; set; }

    /// <summary>Recall that is asked for in place of a beam width.</summary>
    public double? RecallTarget { get; set; }

    /// <summary>Query vectors of a search: several are a person's interests, whose answers become one list.</summary>
    public int Rows { get; set; } = 1;

    /// <summary>File of query vectors, or of the vectors of upserts; null for <c>--queries</c>.</summary>
    public string? Queries { get; set; }

    /// <summary>File of texts, a line each, of kind text.</summary>
    public string? Texts { get; set; }

    /// <summary>Filters, of which each request has one.</summary>
    public ScenarioFilters? Filters { get; init; }

    /// <summary>What each request excludes.</summary>
    public ScenarioExclusions? Exclude { get; init; }

    /// <summary>Most results of a value, by attribute.</summary>
    public IReadOnlyDictionary<string, int> Caps { get; set; } = new Dictionary<string, int>();

    /// <summary>Items of a write.</summary>
    public int Items { get; set; } = 1;

    /// <summary>Keys that upserts and deletes go round in; they are no keys of the index.</summary>
    public int Pool { get; set; } = 10_000;

    /// <summary>Attribute that an update sets.</summary>
    public string? Attribute { get; set; }

    /// <summary>What it is set to, in turn.</summary>
    public IReadOnlyList<JsonElement> Values { get; set; } = [];

    /// <summary>Answers of each phase that are compared with exact ones afterwards, which the server is asked for.</summary>
    public int RecallSamples { get; set; }
}

/// <summary>Filters to draw from.</summary>
internal sealed record ScenarioFilters
{
    /// <summary>Filters as <c>ann query --filter</c> takes them; an empty one is none.</summary>
    public required IReadOnlyList<string> List { get; init; }

    /// <summary><c>turn</c>, <c>uniform</c>, or <c>zipf</c>: the first most often.</summary>
    public string Draw { get; set; } = "turn";

    /// <summary>Exponent of zipf.</summary>
    public double Skew { get; set; } = 1;
}

/// <summary>What a request excludes.</summary>
internal sealed record ScenarioExclusions
{
    /// <summary>Keys of the index, drawn anew for each request.</summary>
    public int Keys { get; set; }

    /// <summary>A set that the server has; <c>{n}</c> stands for a number drawn from 0 to <see cref="Of"/> − 1.</summary>
    public string? Set { get; set; }

    /// <summary>How many such sets there are.</summary>
    public int Of { get; set; } = 1;
}

/// <summary>What happens to the index at a moment.</summary>
internal sealed record ScenarioEvent
{
    /// <summary>After the begin of the first phase, seconds.</summary>
    public required double AtS { get; init; }

    /// <summary><c>attach</c>, <c>promote</c>, <c>rollback</c> or <c>compact</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Of attach: the file in the server's import directory.</summary>
    public string? File { get; set; }

    /// <summary>Of promote: the generation; null for the one attached last.</summary>
    public string? Generation { get; set; }

    /// <summary>Of promote: whatever its figures say.</summary>
    public bool Force { get; set; }
}

/// <summary>What a stream may send.</summary>
internal static class StreamKinds
{
    public const string Search = "search";
    public const string Text = "text";
    public const string Recommend = "recommend";
    public const string Upsert = "upsert";
    public const string Delete = "delete";
    public const string Update = "update";
    public const string Filter = "filter";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Search, Text, Recommend, Upsert, Delete, Update, Filter];
}

/// <summary>Compile-time JSON of scenarios: what it does not know is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Scenario))]
internal sealed partial class ScenarioJson : JsonSerializerContext;
