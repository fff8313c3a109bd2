using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Tool;

/// <summary>Options of the verbs, made the same way everywhere: a wrong value is refused before the verb starts.</summary>
internal static class VerbOptions
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() =>
        new("--json") { Description = "Write the result as one JSON document to standard output; all else goes to standard error." };

    /// <summary><c>--report</c>. Check its value with <see cref="ReportPathOf"/> before the work.</summary>
    public static Option<string?> Report() =>
        Optional("--report", "X.html", "Write a page with the figures and a plot, to look at and to send on: one file, nothing fetched.");

    /// <summary>Where the page goes; null for none.</summary>
    /// <exception cref="AnnException">InvalidArgument: nothing can be written there.</exception>
    public static string? ReportPathOf(ToolContext tool, ParseResult parsed, Option<string?> report)
    {
        string? path = parsed.GetValue(report);
        if (path is not null)
            OutputPath.Require(tool.Files, path, ".html", ".htm");
        return path;
    }

    /// <summary><c>--address</c>.</summary>
    public static Option<string> Address() => new("--address")
    {
        Description = "The server: HOST:PORT, or a URL; https:// for TLS, unix:///PATH for the socket of a server of this machine. "
            + "dns:///HOST:PORT and static:///HOST:PORT,… are several servers, asked in turn.",
        DefaultValueFactory = _ => "http://127.0.0.1:50051",
        HelpName = "HOST:PORT",
    };

    /// <summary><c>--index</c> of a verb that changes a live index.</summary>
    public static Option<string> LiveIndex() => Required("--index", "NAME", "Name of the live index.");

    /// <summary>An option that must be given.</summary>
    public static Option<string> Required(string name, string valueName, string description) =>
        new(name) { Description = description, Required = true, HelpName = valueName };

    /// <summary>An option that may be left out.</summary>
    public static Option<string?> Optional(string name, string valueName, string description) =>
        new(name) { Description = description, HelpName = valueName };

    /// <summary>A whole number with a range and a default.</summary>
    public static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        Option<int> option = new(name)
        {
            Description = $"{description} {least} to {most}.",
            DefaultValueFactory = _ => standard,
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out int value) || value < least || value > most))
                result.AddError($"{name} is {result.Tokens[0].Value}; it must be {least} to {most}.");
        });
        return option;
    }

    /// <summary>A number with a range that may be left out.</summary>
    public static Option<double?> OptionalNumber(string name, string description, double least, double most)
    {
        Option<double?> option = new(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} {least} to {most}."),
            HelpName = "X",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    && value >= least && value <= most)
                {
                    return value;
                }
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is {text}; it must be {least} to {most}."));
                return null;
            },
        };
        return option;
    }

    /// <summary><c>--residence</c>: where links and codes of an open file lie. Read it with <see cref="ResidenceOf"/>.</summary>
    public static Option<string> Residence() => Choice(
        "--residence", "Where links and codes lie: layout leaves those of lean files mapped and loads the others.",
        "layout", "layout", "mapped", "loaded");

    /// <summary>What a word of <see cref="Residence"/> means.</summary>
    public static SegmentResidence ResidenceOf(string word) => word switch
    {
        "mapped" => SegmentResidence.Mapped,
        "loaded" => SegmentResidence.Loaded,
        _ => SegmentResidence.ByLayout,
    };

    /// <summary><c>--layout</c>, with the default and its reason.</summary>
    public static Option<string> Layout() => Choice(
        "--layout",
        "fast: estimates of distances beside the links, loaded to memory. lean: less memory, all of it mapped. "
        + "fast is the default for its latency, about three quarters of lean's; its file is 1.2 to 1.9 times as long. "
        + "compact: the least memory: codes of 4 bits, rows read from the file. f32 codes are always lean.",
        EnumNames<SegmentLayout>.Plain, SegmentLayout.Fast);

    /// <summary><c>--metric</c>, which has to be given.</summary>
    public static Option<string> Metric()
    {
        Option<string> option = Choice("--metric", "How nearness is measured.", "", MetricTraits.Names.All);
        option.DefaultValueFactory = null;
        option.Required = true;
        return option;
    }

    /// <summary>One value of an enum.</summary>
    public static Option<string> Choice<T>(string name, string description, EnumNames<T> names, T standard)
        where T : struct, Enum
    {
        string word = names.Of(standard);
        return Choice(name, description, word, [word, .. names.All.Where(other => other != word)]);
    }

    /// <summary>One of a few words.</summary>
    public static Option<string> Choice(string name, string description, string standard, params string[] words)
    {
        Option<string> option = new(name)
        {
            Description = description,
            DefaultValueFactory = _ => standard,
            HelpName = string.Join('|', words),
        };
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !words.Contains(result.Tokens[0].Value))
                result.AddError($"{name} is '{result.Tokens[0].Value}'; it must be one of {string.Join(", ", words)}.");
        });
        return option;
    }
}
