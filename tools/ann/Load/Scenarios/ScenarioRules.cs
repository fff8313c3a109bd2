using System.Globalization;
using Ann.Core;
using Ann.Core.Searching;

namespace Ann.Tool.Load.Scenarios;

/// <summary>What a scenario must be to be run.</summary>
internal static class ScenarioRules
{
    private const double MostSeconds = 86_400;
    private const double MostRate = 1_000_000;
    private const int MostExcluded = 100_000;

    private static readonly string[] Draws = ["turn", "uniform", "zipf"];
    private static readonly string[] Kinds = ["attach", "promote", "rollback", "compact"];

    /// <summary>Checks all that can be checked without a server.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the member, what was expected, what was found.</exception>
    public static void Check(string path, Scenario scenario)
    {
        Require(path, "phases", scenario.Phases.Count is > 0 and <= 100, Of(scenario.Phases.Count), "1 to 100 phases");
        Require(path, "streams", scenario.Streams.Count is > 0 and <= 100, Of(scenario.Streams.Count), "1 to 100 streams");
        Require(path, "warm_up_s", scenario.WarmUpS is >= 0 and <= 3600, Of(scenario.WarmUpS), "0 to 3600");
        RequireDistinct(path, "phases", scenario.Phases.Select(static phase => phase.Name));
        RequireDistinct(path, "streams", scenario.Streams.Select(static stream => stream.Name));
        foreach (ScenarioPhase phase in scenario.Phases)
        {
            Require(path, $"phases: {phase.Name}: seconds", phase.Seconds is >= 0.1 and <= MostSeconds, Of(phase.Seconds), "0.1 to 86400");
            double factor = phase.RateFactor;
            Require(path, $"phases: {phase.Name}: rate_factor", factor is > 0 and <= 1000, Of(factor), "above 0, to 1000");
        }
        foreach (ScenarioStream stream in scenario.Streams)
            Check(path, scenario, stream);
        double length = scenario.Phases.Sum(static phase => phase.Seconds);
        foreach (ScenarioEvent one in scenario.Events)
        {
            RequireOneOf(path, "events: kind", one.Kind, Kinds);
            Require(path, "events: at_s", one.AtS >= 0 && one.AtS <= length, Of(one.AtS), $"0 to {Of(length)}, the length of the phases");
            Require(path, "events: file", one.File is not null == (one.Kind == "attach"), one.File ?? "none", "a file, of attach alone");
        }
    }

    private static void Check(string path, Scenario scenario, ScenarioStream stream)
    {
        string at = $"streams: {stream.Name}: ";
        RequireOneOf(path, at + "kind", stream.Kind, StreamKinds.All);
        RequireOneOf(path, at + "arrivals", stream.Arrivals, ["poisson", "constant"]);
        Require(path, at + "rate", stream.Rate is > 0 and <= MostRate, Of(stream.Rate), "above 0, to 1000000");
        Require(path, at + "connections", stream.Connections is >= 1 and <= 1024, Of(stream.Connections), "1 to 1024");
        Require(path, at + "max_in_flight", stream.MaxInFlight is >= 1 and <= 1_000_000, Of(stream.MaxInFlight), "1 to 1000000");
        Require(path, at + "deadline_ms", stream.DeadlineMs is >= 0 and <= 3_600_000, Of(stream.DeadlineMs), "0 to 3600000");
        Require(path, at + "k", stream.K is >= 1 and <= SearchParameters.MaxK, Of(stream.K), $"1 to {SearchParameters.MaxK}");
        Require(path, at + "ef", stream.Ef == 0 || stream.Ef >= stream.K, Of(stream.Ef), "0, or at least k");
        Require(path, at + "ef", stream.Ef <= SearchParameters.MaxEfSearch, Of(stream.Ef), $"0 to {SearchParameters.MaxEfSearch}");
        Require(path, at + "recall_target", stream.RecallTarget is null or (>= 0.01 and <= 0.9999), Of(stream.RecallTarget ?? 0),
            "0.01 to 0.9999");
        Require(path, at + "recall_target", stream.RecallTarget is null || stream.Ef == 0, "set", "one of ef and recall_target");
        Require(path, at + "best_so_far", !stream.BestSoFar || stream.DeadlineMs > 0, "true", "deadline_ms beside it");
        Require(path, at + "rows", stream.Rows is >= 1 and <= 1024, Of(stream.Rows), "1 to 1024");
        Require(path, at + "items", stream.Items is >= 1 and <= 10_000, Of(stream.Items), "1 to 10000");
        Require(path, at + "pool", stream.Pool >= stream.Items, Of(stream.Pool), "at least items");
        Require(path, at + "recall_samples", stream.RecallSamples is >= 0 and <= 10_000, Of(stream.RecallSamples), "0 to 10000");
        Require(path, at + "texts", stream.Texts is not null == (stream.Kind == StreamKinds.Text), stream.Texts ?? "none",
            "a file, of kind text alone");
        Require(path, at + "attribute", stream.Attribute is not null == (stream.Kind == StreamKinds.Update), stream.Attribute ?? "none",
            "an attribute, of kind update alone");
        Require(path, at + "values", stream.Values.Count > 0 == (stream.Kind == StreamKinds.Update), Of(stream.Values.Count),
            "values, of kind update alone");
        Require(path, at + "filters", stream.Filters is not null || stream.Kind != StreamKinds.Filter, "none", "filters to refresh");
        foreach (string phase in stream.Phases ?? [])
            RequireOneOf(path, at + "phases", phase, [.. scenario.Phases.Select(static one => one.Name)]);
        foreach ((string attribute, int most) in stream.Caps)
            Require(path, $"{at}caps: {attribute}", most >= 1, Of(most), "1 or more");
        if (stream.Filters is ScenarioFilters filters)
        {
            RequireOneOf(path, at + "filters: draw", filters.Draw, Draws);
            Require(path, at + "filters: list", filters.List.Count is >= 1 and <= 10_000, Of(filters.List.Count), "1 to 10000 filters");
            Require(path, at + "filters: skew", filters.Skew is > 0 and <= 10, Of(filters.Skew), "above 0, to 10");
        }
        if (stream.Exclude is ScenarioExclusions exclude)
        {
            Require(path, at + "exclude: keys", exclude.Keys is >= 0 and <= MostExcluded, Of(exclude.Keys), "0 to 100000");
            Require(path, at + "exclude: of", exclude.Of >= 1, Of(exclude.Of), "1 or more");
        }
    }

    private static void RequireDistinct(string path, string member, IEnumerable<string> names)
    {
        if (names.GroupBy(static name => name).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw AnnException.BadInput(path, member, $"the name '{twice.Key}' is there twice.");
    }

    private static void RequireOneOf(string path, string member, string found, IReadOnlyList<string> all) =>
        Require(path, member, all.Contains(found), $"'{found}'", "one of " + string.Join(", ", all));

    private static void Require(string path, string member, bool holds, string found, string expected)
    {
        if (!holds)
            throw AnnException.BadInput(path, member, $"{found} was found; {expected} was expected.");
    }

    private static string Of(double value) => value.ToString(CultureInfo.InvariantCulture);
}
