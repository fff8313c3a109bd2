using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Tool.Load.Scenarios;
using Ann.Tool.Remote;

namespace Ann.Tool.Load;

/// <summary>What was asked of <c>ann load</c>.</summary>
internal sealed record LoadRequest
{
    public required ServerTarget Server { get; init; }
    public required string Index { get; init; }
    public required string Queries { get; init; }
    public string? Truth { get; init; }
    public required int K { get; init; }
    public required int Ef { get; init; }
    public double? RecallTarget { get; init; }
    public bool BestSoFar { get; init; }
    public required int Batch { get; init; }
    public required int Connections { get; init; }
    public double? MinRecall { get; init; }
    public required double MaxDegraded { get; init; }
    public bool FindMax { get; init; }
    public required double SloP99Ms { get; init; }
    public required TimeSpan Probe { get; init; }

    /// <summary>Percentages of the highest rate to run at afterwards.</summary>
    public required IReadOnlyList<double> At { get; init; }

    /// <summary>Another caller, who floods the server beside the run; null for nobody.</summary>
    public ServerTarget? Flood { get; init; }

    /// <summary>Requests a second of the flood.</summary>
    public double FloodRate { get; init; }

    /// <summary>The run; with <see cref="FindMax"/> the first rate to try, and the length of the runs afterwards.</summary>
    public required LoadPlan Plan { get; init; }

    /// <summary>What each request asks, without its queries.</summary>
    public SearchRequest ToSearch()
    {
        SearchRequest search = new() { Index = Index, K = (uint)K };
        if (Ef > 0)
            search.EfSearch = (uint)Ef;
        if (RecallTarget is double target)
            search.RecallTarget = (float)target;
        if (BestSoFar)
            search.OnDeadline = OnDeadline.BestSoFar;
        return search;
    }
}

/// <summary>The options of <c>ann load</c>.</summary>
internal sealed class LoadOptions
{
    private const int MaxMilliseconds = 3_600_000;

    private readonly ConnectionOptions _connection = new("--server");
    private readonly Option<string?> _index = VerbOptions.Optional("--index", "NAME", "Name of the index: its file's name without .ann.");
    private readonly Option<string?> _queries = VerbOptions.Optional("--queries", "FILE",
        "Query vectors, in any format that build reads. They are asked in their order, again and again.");

    private readonly Option<string?> _truth = VerbOptions.Optional("--truth", "FILE",
        "True neighbours as rows of the base: .ibin .ivecs .npy. Gives the recall of the very answers. "
        + "For indexes whose keys are row numbers.");

    private readonly Option<double> _rate = Real("--rate", "Requests a second of the open loop.", 1000, 0.1, 1_000_000);
    private readonly Option<string> _arrivals = VerbOptions.Choice(
        "--arrivals", "Gaps between requests: equal, or those of independent callers.", "poisson", "constant", "poisson");

    private readonly Option<int> _seed = VerbOptions.Number("--seed", "Seed of the Poisson gaps.", 1, 0, int.MaxValue);
    private readonly Option<bool> _closed = new("--closed")
    {
        Description = "Closed loop instead: each caller waits for its answer before it asks again. Hides stalls; --rate is not used.",
    };

    private readonly Option<int> _concurrency = VerbOptions.Number("--concurrency", "Callers of the closed loop.", 1, 1, 10_000);
    private readonly Option<int> _connections = VerbOptions.Number("--connections", "HTTP/2 connections, used in turn.", 1, 1, 1024);
    private readonly Option<string> _duration = Time("--duration", "Measured time of a run.", "10s");
    private readonly Option<string> _warmUp = Time("--warmup", "Load before the measured time.", "2s");
    private readonly Option<int> _k = VerbOptions.Number("--k", "Results a row.", 10, 1, SearchParameters.MaxK);
    private readonly Option<int> _ef = VerbOptions.Number(
        "--ef", "Beam width, at least k; 0 leaves it to the server.", 0, 0, SearchParameters.MaxEfSearch);

    private readonly Option<double?> _recallTarget = VerbOptions.OptionalNumber(
        "--recall-target", "Recall that the requests ask for, in place of --ef.", 0.01, 0.9999);

    private readonly Option<string> _onDeadline = VerbOptions.Choice(
        "--on-deadline", "What the requests want at their deadline: an error, or the best found so far.", "fail", "fail", "best-so-far");

    private readonly Option<int> _batch = VerbOptions.Number("--batch", "Query rows a request.", 1, 1, 65_536);
    private readonly Option<int> _deadline = VerbOptions.Number(
        "--deadline", "Deadline of a request in milliseconds, from its intended time; 0 for none.", 0, 0, MaxMilliseconds);

    private readonly Option<int> _maxInFlight = VerbOptions.Number(
        "--max-in-flight", "Requests under way at most. Those due beyond are not sent, counted, and make the harness a limit.",
        4096, 1, 1_000_000);

    private readonly Option<double?> _minRecall = new("--min-recall")
    {
        Description = "Exit with 1 when the recall of a run is below this, 0 to 1. Needs --truth.",
        HelpName = "R",
    };

    private readonly Option<double> _maxDegraded = Real(
        "--max-degraded", "Largest share of the answers that may be cut short or degraded where a rate counts as sustained.",
        LoadVerdict.DegradedShare, 0, 1);

    private readonly Option<bool> _findMax = new("--find-max")
    {
        Description = "Search the highest rate that holds: 99 % of it answered, nothing failed, p99 within --slo-p99, recall not below "
            + "--min-recall, no more degraded answers than --max-degraded. Begins at --rate.",
    };

    private readonly Option<double> _slo = Real(
        "--slo-p99", "Objective of --find-max for the 99th percentile, in milliseconds.", 10, 0.01, 60_000);

    private readonly Option<string> _probe = Time("--probe", "Measured time of a run of the search.", "3s");
    private readonly Option<string?> _at = VerbOptions.Optional(
        "--at", "P,P", "After --find-max: runs at these percentages of the rate found.");

    private readonly Option<double?> _flood = VerbOptions.OptionalNumber(
        "--flood", "Requests a second of another caller, who is refused what he asks beyond his limits. The run is made twice: alone, and "
        + "beside him.", 0.1, 1_000_000);

    private readonly Option<string?> _floodKey = VerbOptions.Optional(
        "--flood-key", "KEY|@FILE", "API key or token of that caller; @FILE takes the first line of a file.");

    private readonly Option[] _all;

    /// <summary>Makes them.</summary>
    public LoadOptions() => _all =
        [
            _index, _queries, _truth, _rate, _arrivals, _seed, _closed, _concurrency, _connections, _duration, _warmUp, _k, _ef,
            _recallTarget, _onDeadline, _batch, _deadline, _maxInFlight, _minRecall, _maxDegraded, _findMax, _slo, _probe, _at, _flood,
            _floodKey,
        ];

    /// <summary>Those of scenarios.</summary>
    public ScenarioOptions Scenarios { get; } = new();

    /// <summary>Adds the options to the verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_connection);
        foreach (Option option in _all.Concat(Scenarios.All))
            command.Add(option);
    }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="AnnException">InvalidArgument: options that do not go together, or a list that cannot be read.</exception>
    public LoadRequest Read(ToolContext tool, ParseResult parsed)
    {
        bool closed = parsed.GetValue(_closed);
        bool findMax = parsed.GetValue(_findMax);
        Refuse(closed && findMax, "--closed", "--closed has no rate that --find-max could search; use one of them.");
        Refuse(closed && parsed.GetResult(_rate) is { Implicit: false }, "--rate", "--rate has no meaning with --closed; leave one out.");
        Refuse(!closed && parsed.GetResult(_concurrency) is { Implicit: false },
            "--concurrency", "--concurrency is the number of callers of a closed loop; add --closed, or leave it out.");
        Refuse(!findMax && parsed.GetValue(_at) is not null, "--at", "--at names percentages of the rate that --find-max finds; add it.");
        double? minRecall = parsed.GetValue(_minRecall);
        Refuse(minRecall is < 0 or > 1 or double.NaN, "--min-recall", Text($"--min-recall is {minRecall}; it must be 0 to 1."));
        Refuse(minRecall is not null && parsed.GetValue(_truth) is null, "--min-recall", "--min-recall needs --truth.");
        Refuse(parsed.GetValue(_flood) is null != parsed.GetValue(_floodKey) is null, "--flood", "--flood and --flood-key go together.");
        Refuse(parsed.GetValue(_flood) is not null && (closed || findMax),
            "--flood", "--flood goes beside one open loop: no --closed, no --find-max.");
        int k = parsed.GetValue(_k);
        int ef = parsed.GetValue(_ef);
        Refuse(ef != 0 && ef < k, "--ef", $"--ef is {ef}; it must be k ({k}) to {SearchParameters.MaxEfSearch}, or 0.");

        double? recallTarget = parsed.GetValue(_recallTarget);
        Refuse(ef != 0 && recallTarget is not null, "--recall-target", "--recall-target takes the place of --ef; use one of them.");
        int deadline = parsed.GetValue(_deadline);
        bool bestSoFar = parsed.GetValue(_onDeadline) == "best-so-far";
        Refuse(bestSoFar && deadline == 0, "--on-deadline", "--on-deadline best-so-far needs --deadline.");
        return new LoadRequest
        {
            Server = _connection.Read(tool, parsed),
            Index = Given(parsed, _index),
            Queries = Given(parsed, _queries),
            Truth = parsed.GetValue(_truth),
            K = k,
            Ef = ef,
            RecallTarget = recallTarget,
            BestSoFar = bestSoFar,
            Batch = parsed.GetValue(_batch),
            Connections = parsed.GetValue(_connections),
            MinRecall = minRecall,
            MaxDegraded = parsed.GetValue(_maxDegraded),
            FindMax = findMax,
            SloP99Ms = parsed.GetValue(_slo),
            Probe = Span(parsed.GetValue(_probe)!)!.Value,
            At = Percentages(parsed.GetValue(_at)),
            Flood = parsed.GetValue(_floodKey) is string other
                ? _connection.Read(tool, parsed) with { Bearer = ConnectionOptions.ReadBearer(tool, "--flood-key", other) }
                : null,
            FloodRate = parsed.GetValue(_flood) ?? 0,
            Plan = new LoadPlan
            {
                Rate = closed ? 0 : parsed.GetValue(_rate),
                Concurrency = closed ? parsed.GetValue(_concurrency) : 0,
                Arrivals = parsed.GetValue(_arrivals) == "constant" ? Arrivals.Constant : Arrivals.Poisson,
                Seed = parsed.GetValue(_seed),
                WarmUp = Span(parsed.GetValue(_warmUp)!)!.Value,
                Duration = Span(parsed.GetValue(_duration)!)!.Value,
                Deadline = deadline == 0 ? null : TimeSpan.FromMilliseconds(deadline),
                MaxInFlight = parsed.GetValue(_maxInFlight),
            },
        };
    }

    /// <summary>The scenario that a command line means; null where it means a load by options.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="target">What it is run against. The caller disposes its port for operators.</param>
    /// <exception cref="AnnException">InvalidArgument: options that do not go together, or a scenario that cannot be run.</exception>
    public Scenario? ReadScenario(ToolContext tool, ParseResult parsed, out ScenarioTarget? target)
    {
        string? name = parsed.GetValue(Scenarios.Scenario);
        target = null;
        Option[] its = [Scenarios.Let, Scenarios.Scale, Scenarios.Metrics];
        if (name is null)
        {
            Option? alone = its.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
            Refuse(alone is not null, alone?.Name ?? "", $"{alone?.Name} goes with --scenario.");
            return null;
        }
        Option? other = _all.Except([_index, _queries]).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        Refuse(other is not null, other?.Name ?? "", $"{other?.Name} does not go with --scenario: the scenario says it, stream by stream.");
        Scenario scenario = ScenarioReader.Read(tool, name, Scenarios.ReadLets(parsed));
        ServerTarget server = _connection.Read(tool, parsed);
        target = new ScenarioTarget(
            server, Given(parsed, _index), parsed.GetValue(_queries), parsed.GetValue(Scenarios.Scale),
            Scenarios.ReadMetrics(tool, parsed, server));
        return scenario;
    }

    private static string Given(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) ?? throw AnnException.Invalid(option.Name, $"{option.Name} is missing.");

    private static void Refuse(bool wrong, string option, string message)
    {
        if (wrong)
            throw AnnException.Invalid(option, message);
    }

    private static double[] Percentages(string? text)
    {
        string[] parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. parts.Select(part =>
            double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
                && percent is >= 1 and <= 200
                ? percent
                : throw AnnException.Invalid("--at", $"--at holds '{part}'; expected percentages such as 50,80, each 1 to 200."))];
    }

    /// <summary>A time such as 500ms, 10s or 2m; a bare number is seconds. Null when it is none, or more than an hour.</summary>
    private static TimeSpan? Span(string text)
    {
        (string number, double milliseconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1.0),
            _ when text.EndsWith('s') => (text[..^1], 1_000.0),
            _ when text.EndsWith('m') => (text[..^1], 60_000.0),
            _ => (text, 1_000.0),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * milliseconds <= MaxMilliseconds
            ? TimeSpan.FromMilliseconds(value * milliseconds)
            : null;
    }

    private static Option<string> Time(string name, string description, string standard)
    {
        Option<string> option = new(name)
        {
            Description = description + " Such as 500ms, 10s, 2m; at most an hour.",
            DefaultValueFactory = _ => standard,
            HelpName = "TIME",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && Span(result.Tokens[0].Value) is null)
                result.AddError($"{name} is '{result.Tokens[0].Value}'; expected a time such as 500ms, 10s or 2m, at most an hour.");
        });
        return option;
    }

    /// <summary>An option of a number within bounds.</summary>
    internal static Option<double> Real(string name, string description, double standard, double least, double most)
    {
        Option<double> option = new(name)
        {
            Description = Text($"{description} {least} to {most}."),
            DefaultValueFactory = _ => standard,
            HelpName = "X",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1
                && !(double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double value)
                    && value >= least && value <= most))
                result.AddError(Text($"{name} is {result.Tokens[0].Value}; it must be {least} to {most}."));
        });
        return option;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
