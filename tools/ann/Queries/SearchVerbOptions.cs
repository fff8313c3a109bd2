using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Filters;
using Ann.Server.Mapping;
using Ann.Tool.Attributes;
using Ann.Tool.Remote;
using Google.Protobuf;
using Filter = Ann.Protocol.V1.Filter;
using KeyKind = Ann.Protocol.V1.KeyKind;

namespace Ann.Tool.Queries;

/// <summary>Options that say what is searched for, the same for every verb that searches.</summary>
internal sealed class SearchVerbOptions
{
    private readonly SearchKind _kind;
    private readonly Option<int> _k;
    private readonly Option<int> _ef = VerbOptions.Number(
        "--ef", "Beam width, at least k; 0 leaves it to the server.", 0, 0, SearchParameters.MaxEfSearch);
    private readonly Option<double?> _recallTarget = VerbOptions.OptionalNumber(
        "--recall-target", "Recall wanted, instead of --ef: the server takes the beam width that reaches it.", 0.01, 0.9999);
    private readonly Option<bool> _exact = new("--exact") { Description = "Scan every item instead of walking the graph." };
    private readonly Option<string?> _filter = VerbOptions.Optional(
        "--filter", "FILTER",
        "Only items that it takes, such as: category in (shoes, boots) and price < 50 and not exists(tag) "
        + "and since >= 2026-01-01T00:00:00Z. Or the JSON of ann.v1.Filter.");
    private readonly Option<string?> _prepared = VerbOptions.Optional(
        "--prepared-filter", "HASH", "Instead of --filter: one that the server knows (ann prepare).");
    private readonly Option<string[]> _exclude = Repeated("--exclude", KeyLists.ValueName, "Keys of items that are not wanted.");
    private readonly Option<string?> _excludeRoaring = VerbOptions.Optional(
        "--exclude-roaring", "FILE", "Keys that are not wanted, as a Roaring bitmap in its portable format; of numeric keys.");
    private readonly Option<string?> _excludeRoaring64 = VerbOptions.Optional(
        "--exclude-roaring64", "FILE", "The same as the portable format of 64-bit bitmaps.");
    private readonly Option<string[]> _excludeSet = Repeated("--exclude-set", "NAME", "A set of keys that the server keeps (ann set).");
    private readonly Option<string?> _attributes = VerbOptions.Optional("--attributes", "NAME,…", "Attributes wanted back.");
    private readonly Option<string[]> _cap = Repeated("--cap", "NAME=N", "At most N results with the same value of an attribute.");
    private readonly Option<string[]> _floor = Repeated(
        "--floor", "FILTER:N", "At least N results that a filter takes: \"fresh = true:5\".");
    private readonly Option<double?> _mmr = VerbOptions.OptionalNumber(
        "--mmr", "Diversity, by maximal marginal relevance: 1 is by score alone.", 0, 1);
    private readonly Option<double?> _minScore;
    private readonly Option<int> _deadline = VerbOptions.Number("--deadline-ms", "Time for the search; 0 is no limit.", 0, 0, 3_600_000);
    private readonly Option<string> _onDeadline = VerbOptions.Choice(
        "--on-deadline", "What the server does when the time is up.", "fail", "fail", "best-so-far");
    private readonly Option<bool> _union = new("--union") { Description = "Merge what all queries find into one list of k." };
    private readonly Option<int> _leastPerRow = VerbOptions.Number(
        "--least-per-query", "Results that each query brings to a --union at least.", 0, 0, SearchParameters.MaxK);

    /// <param name="kind">What the verb asks: some take less than a search.</param>
    public SearchVerbOptions(SearchKind kind = SearchKind.Search)
    {
        _kind = kind;
        bool isRange = kind == SearchKind.Range;
        _k = VerbOptions.Number(
            "--k", isRange ? "Results a query at most." : "Results a query.", isRange ? 1000 : 10, 1, SearchParameters.MaxK);
        _minScore = VerbOptions.OptionalNumber(
            "--min-score", "Results score at least this well: at most this for l2.", -1e30, 1e30);
        _minScore.Required = isRange;
    }

    /// <summary>Those that the verb takes.</summary>
    private Option[] All =>
    [
        _k, _ef, _recallTarget, _exact, _filter, _prepared, _exclude, _excludeSet, _excludeRoaring, _excludeRoaring64,
        _attributes,
        .. _kind == SearchKind.Range ? (Option[])[] : [_cap, _floor, _mmr],
        _minScore, _deadline, _onDeadline,
        .. _kind == SearchKind.Search ? (Option[])[_union, _leastPerRow] : [],
    ];

    /// <summary>Adds the options to a command, with what excludes what.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_recallTarget) is not null && result.GetResult(_ef) is { Implicit: false })
                result.AddError("--ef and --recall-target exclude each other: one says how wide, the other how well.");
            if (result.GetResult(_onDeadline) is { Implicit: false } && result.GetResult(_deadline) is null or { Implicit: true })
                result.AddError("--on-deadline needs --deadline-ms.");
            if (result.GetResult(_filter) is not null && result.GetResult(_prepared) is not null)
                result.AddError("--filter and --prepared-filter exclude each other.");
            if (result.GetResult(_excludeRoaring) is not null && result.GetResult(_excludeRoaring64) is not null)
                result.AddError("--exclude-roaring and --exclude-roaring64 exclude each other: a request carries one bitmap.");
            if (result.GetResult(_leastPerRow) is { Implicit: false } && !result.GetValue(_union))
                result.AddError("--least-per-query needs --union.");
        });
    }

    /// <summary>Refuses what says what is searched for, beside a file that says so. The deadline is of the call, and stays.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="file">The option of the file.</param>
    /// <param name="others">Further options of the verb that do not go with it.</param>
    public void RequireAlone(CommandResult result, Option file, IEnumerable<Option> others)
    {
        if (result.GetResult(file) is null)
            return;
        foreach (Option option in All.Where(one => one != _deadline).Concat(others))
            if (result.GetResult(option) is { Implicit: false })
                result.AddError($"{option.Name} and {file.Name} exclude each other: each line of the file says what is searched for.");
    }

    /// <summary>What is searched for, without the queries.</summary>
    /// <param name="tool">Where files of keys are.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">The index as it was asked for.</param>
    /// <param name="index">What the server says of it: types of attributes and keys.</param>
    /// <exception cref="AnnException">InvalidArgument: names the option and what is wrong.</exception>
    public SearchRequest Request(ToolContext tool, ParseResult parsed, string name, IndexDescription index)
    {
        SearchRequest search = new() { Index = name, K = (uint)parsed.GetValue(_k) };
        if (parsed.GetValue(_ef) is int ef and > 0)
            search.EfSearch = (uint)ef;
        if (parsed.GetValue(_recallTarget) is double recall)
            search.RecallTarget = (float)recall;
        if (parsed.GetValue(_exact))
            search.Exact = true;
        if (parsed.GetValue(_minScore) is double score)
            search.MinScore = (float)score;
        if (parsed.GetValue(_mmr) is double lambda)
            search.Diversity = new Diversity { Lambda = (float)lambda };
        if (parsed.GetValue(_deadline) > 0)
            search.OnDeadline = parsed.GetValue(_onDeadline) == "best-so-far" ? OnDeadline.BestSoFar : OnDeadline.Fail;
        if (parsed.GetValue(_union))
            search.Union = new Union();
        if (parsed.GetValue(_leastPerRow) is int least and > 0)
            search.Union.LeastPerRow = (uint)least;
        if (parsed.GetValue(_attributes) is string names)
            search.Attributes.AddRange(AttributeOptions.Split(names));

        if (parsed.GetValue(_filter) is string filter)
            search.Filter = ParseFilter("--filter", filter, index);
        if (parsed.GetValue(_prepared) is string hash)
            search.PreparedFilter = ParseHash(hash);
        foreach (string cap in parsed.GetValue(_cap) ?? [])
            search.Caps.Add(ParseCap(cap));
        foreach (string floor in parsed.GetValue(_floor) ?? [])
            search.Floors.Add(ParseFloor(floor, index));
        search.Exclude = ReadExclusions(tool, parsed, index);
        return search;
    }

    /// <summary>When the answer must be there, UTC; null for no limit.</summary>
    public DateTime? Deadline(ToolContext tool, ParseResult parsed) => parsed.GetValue(_deadline) is int milliseconds and > 0
        ? tool.Time.GetUtcNow().UtcDateTime.AddMilliseconds(milliseconds)
        : null;

    private Exclusions? ReadExclusions(ToolContext tool, ParseResult parsed, IndexDescription index)
    {
        string[] keys = parsed.GetValue(_exclude) ?? [];
        string[] sets = parsed.GetValue(_excludeSet) ?? [];
        string? wide = parsed.GetValue(_excludeRoaring64);
        string? bitmap = wide ?? parsed.GetValue(_excludeRoaring);
        if (keys.Length + sets.Length == 0 && bitmap is null)
            return null;
        Exclusions exclusions = new();
        if (bitmap is not null)
        {
            exclusions.Roaring = ReadBitmap(tool, bitmap);
            if (wide is not null)
                exclusions.Roaring64 = true;
        }
        exclusions.Sets.AddRange(sets);
        if (keys.Length > 0)
            exclusions.Keys = new KeyColumn();
        foreach (string text in keys)
            KeyLists.Read(tool, "--exclude", text, index, exclusions.Keys);
        return exclusions;
    }

    private static ByteString ReadBitmap(ToolContext tool, string path)
    {
        using Stream stream = tool.Files.OpenRead(path);
        ByteString bitmap = ByteString.FromStream(stream);
        return bitmap.IsEmpty ? throw AnnException.BadInput(path, "", "it is empty; a serialised Roaring bitmap was expected.") : bitmap;
    }

    /// <summary>Reads a filter as the command line has it.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the option and the place.</exception>
    internal static Filter ParseFilter(string option, string text, IndexDescription index)
    {
        AttributeSchema schema = RemoteAttributes.Schema(index);
        bool isKnown = WireEnum<Core.Keys.KeyKind, KeyKind>.TryRead(index.KeyKind, out Core.Keys.KeyKind keys);
        return FilterParser.Parse(option, text, schema, isKnown ? keys : null);
    }

    private static ulong ParseHash(string text) =>
        text.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hash)
            ? hash
            : throw AnnException.Invalid(
                "--prepared-filter", $"--prepared-filter is '{text}'; expected 16 hex digits, as ann prepare prints them.");

    private static Cap ParseCap(string text)
    {
        int sign = text.LastIndexOf('=');
        if (sign > 0 && IsCount(text[(sign + 1)..], out uint most))
            return new Cap { Attribute = text[..sign].Trim(), Most = most };
        throw AnnException.Invalid("--cap", $"--cap is '{text}'; expected NAME=N, such as brand=2.");
    }

    private static Floor ParseFloor(string text, IndexDescription index)
    {
        int colon = text.LastIndexOf(':'); // The last one: times hold some, too.
        if (colon > 0 && IsCount(text[(colon + 1)..], out uint least))
            return new Floor { Filter = ParseFilter("--floor", text[..colon], index), Least = least };
        throw AnnException.Invalid("--floor", $"--floor is '{text}'; expected FILTER:N, such as \"fresh = true:5\".");
    }

    private static bool IsCount(string text, out uint count) =>
        uint.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;

    private static Option<string[]> Repeated(string name, string valueName, string description) =>
        new(name) { Description = description + " May be repeated.", HelpName = valueName };
}
