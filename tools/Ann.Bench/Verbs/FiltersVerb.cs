using System.CommandLine;
using System.Text.Json;
using Ann.Bench.Filters;
using Ann.Bench.Reports;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Tool;

using static System.Text.Encoding;

namespace Ann.Bench.Verbs;

/// <summary><c>filters</c>: searches among some of the rows.</summary>
internal static class FiltersVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> index = VerbOptions.Required("--index", "FILE", "An .ann file whose keys are the numbers of its base rows.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors.");
        Option<string?> attribute = VerbOptions.Optional(
            "--attribute", "FILE", "One number a base row: .u8, .i8 or .u16. Left out: categories are made of the rows.");
        Option<string?> columns = VerbOptions.Optional(
            "--columns", "CATEGORY,UNIFORM",
            "Attributes of the index, an int64 and a double from 0 to 1: filters are evaluated as in a request, not given as masks.");
        Option<int> ef = VerbOptions.Number("--ef", "Beam width; 0 takes the default of each k.", 0, 0, SearchParameters.MaxEfSearch);
        Option<int> count = VerbOptions.Number("--query-count", "Queries used.", 100, 1, 100_000);
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds of timed searches.", 3, 1, 100);
        Option<int> warmUp = VerbOptions.Number(
            "--warm-up-ms", "Milliseconds of each of four bursts of searches before a shape and share; 0 for none.", 150, 0, 60_000);
        Option<string> shapes = new("--shapes")
        {
            Description = $"Shapes: {string.Join(' ', Enum.GetNames<FilterShape>()).ToLowerInvariant()}.",
            DefaultValueFactory = _ => "all",
            HelpName = "A,B",
        };
        Option<string?> json = VerbOptions.Optional("--json", "FILE", "Write every figure.");
        Option<string?> html = VerbOptions.Optional("--report", "FILE", "Write one self-contained HTML page.");

        Verb command = new("filters",
            "Search among a share of the rows, from all to 1 in 10,000, lying anyhow to the query: recall, time, plan. "
                + "Exits with 1 when a cell breaks the promise.",
            $"{Program.Name} filters --index clustered-1m.ann --queries clustered-1m/query.fbin --report filters.html",
            $"{Program.Name} filters --index sift.ann --queries sift200k/query.u8bin --attribute sift200k/base.image_id.u16",
            $"{Program.Name} filters --index shop.ann --queries query.fbin --columns brand,chance")
        {
            index, queries, attribute, columns, ef, count, rounds, warmUp, shapes, json, html,
        };
        command.SetAction((parsed, cancellation) =>
        {
            foreach (string? target in (string?[])[parsed.GetValue(json), parsed.GetValue(html)])
            {
                if (target is not null)
                    OutputPath.Require(tool.Files, target);
            }
            FiltersRequest request = new(
                parsed.GetRequiredValue(index), parsed.GetRequiredValue(queries), parsed.GetValue(attribute),
                Columns(parsed.GetValue(columns), parsed.GetValue(attribute)), parsed.GetValue(ef), parsed.GetValue(count),
                parsed.GetValue(rounds), parsed.GetValue(warmUp), Shapes(parsed.GetValue(shapes)!));
            string line = string.Join(' ', parsed.Tokens.Select(token => token.Value));
            FiltersReport report = new FiltersRun(tool, request).Run($"{Program.Name} {line}", cancellation);
            Write(parsed.GetValue(json), () => JsonSerializer.SerializeToUtf8Bytes(report, BenchJson.Default.FiltersReport));
            Write(parsed.GetValue(html), () => UTF8.GetBytes(FiltersTable.Render(report)));
            FiltersTable.Print(tool.Out, report);
            return Task.FromResult(report.IsKept ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;

        void Write(string? path, Func<byte[]> content)
        {
            if (path is null)
                return;
            using AtomicFile file = new(tool.Files, path);
            file.Stream.Write(content());
            file.Commit();
        }
    }

    private static FilterColumns? Columns(string? text, string? attribute)
    {
        if (text is null)
            return null;
        if (attribute is not null)
            throw AnnException.Invalid("--columns", "--columns and --attribute are two ways to the same; give one.");
        string[] names = text.Split(',', StringSplitOptions.TrimEntries);
        return names is [{ Length: > 0 } category, { Length: > 0 } uniform]
            ? new FilterColumns(category, uniform)
            : throw AnnException.Invalid("--columns", $"--columns is '{text}'; it must be two names, CATEGORY,UNIFORM.");
    }

    private static FilterShape[] Shapes(string text)
    {
        if (text == "all")
            return Enum.GetValues<FilterShape>();
        string[] words = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        FilterShape[] shapes = new FilterShape[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!Enum.TryParse(words[i], ignoreCase: true, out shapes[i]))
                throw AnnException.Invalid("--shapes", $"--shapes holds '{words[i]}'; see --help for those there are.");
        }
        return shapes.Length > 0 ? shapes : throw AnnException.Invalid("--shapes", "--shapes is empty.");
    }
}
