using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Reports;

namespace Ann.Tool;

/// <summary>The options that say of which index <c>ann info --estimate</c> computes the size.</summary>
internal sealed class FootprintOptions
{
    private readonly Option<int> _rows = VerbOptions.Number("--rows", "Estimate: items.", 0, 1, SegmentBuilder.MaxRows);
    private readonly Option<int> _dimension = VerbOptions.Number(
        "--dim", "Estimate: components of a vector.", 0, 1, SegmentBuilder.MaxDimension);
    private readonly Option<string> _metric = VerbOptions.Choice(
        "--metric", "Estimate: how nearness is measured.", "cosine", MetricTraits.Names.All);
    private readonly Option<string> _codes = VerbOptions.Choice(
        "--codes", "Estimate: what the graph walk reads.", EnumNames<CodesKind>.Plain, CodesTraits.Standard);
    private readonly Option<string> _layout = VerbOptions.Choice(
        "--layout", "Estimate: layout of the file.", EnumNames<SegmentLayout>.Plain, SegmentLayout.Fast);
    private readonly Option<int> _m = VerbOptions.Number(
        "--m", "Estimate: neighbours a node on upper levels.", 16, HnswParameters.MinM, HnswParameters.MaxM);
    private readonly Option<string> _keys = VerbOptions.Choice(
        "--keys", "Estimate: what keys are.", EnumNames<KeyKind>.Plain, KeyKind.UInt64);
    private readonly Option<double> _keyBytes = new("--key-bytes")
    {
        Description = $"Estimate: average UTF-8 bytes of a string key. 1 to {SegmentFootprint.MaxKeyBytes}.",
        DefaultValueFactory = _ => 12,
        HelpName = "N",
    };
    private readonly Option<int> _ef = VerbOptions.Number(
        "--ef", "Estimate: beam width of a search.", SearchParameters.DefaultEfSearch(10), 1, SearchParameters.MaxEfSearch);
    private readonly Option<int> _threads = VerbOptions.Number(
        "--threads", "Estimate: threads of the build.", Environment.ProcessorCount, 1, 1024);

    public FootprintOptions()
    {
        _keyBytes.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1
                && !(double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double value)
                    && value is >= 1 and <= SegmentFootprint.MaxKeyBytes))
                result.AddError($"--key-bytes is {result.Tokens[0].Value}; it must be 1 to {SegmentFootprint.MaxKeyBytes}.");
        });
        All = [_rows, _dimension, _metric, _codes, _layout, _m, _keys, _keyBytes, _ef, _threads];
    }

    /// <summary>Every option.</summary>
    public IReadOnlyList<Option> All { get; }

    /// <summary>Whether the two that have no default are there.</summary>
    public bool AreComplete(CommandResult result) => IsGiven(result, _rows) && IsGiven(result, _dimension);

    /// <summary>Name of an option that was typed; null when none was.</summary>
    public string? FirstGiven(CommandResult result) => All.FirstOrDefault(option => IsGiven(result, option))?.Name;

    /// <summary>Does the arithmetic.</summary>
    public FootprintReport Report(ParseResult parsed, SegmentResidence residence)
    {
        SegmentBuildOptions options = new()
        {
            Metric = MetricTraits.Names.Parse(parsed.GetValue(_metric)),
            Codes = EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(_codes)),
            Layout = EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(_layout)),
            M = parsed.GetValue(_m),
            Threads = parsed.GetValue(_threads),
        };
        int dimension = parsed.GetValue(_dimension);
        KeyKind keys = EnumNames<KeyKind>.Plain.Parse(parsed.GetValue(_keys));
        double keyBytes = parsed.GetValue(_keyBytes);
        int ef = parsed.GetValue(_ef);
        SegmentFootprint footprint = SegmentFootprint.Estimate(parsed.GetValue(_rows), dimension, options, keys, keyBytes, ef);
        return FootprintReport.Of(footprint, dimension, options, keys, keyBytes, ef, residence);
    }

    private static bool IsGiven(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };
}
