using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Hnsw;
using Ann.Tool.Formats;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>
/// <c>ann convert</c>: vectors from one format to another, or, with <c>--from</c>, an index file of another engine in, an index file out.
/// Of such vectors, keys, metric and parameters are taken over; the graph is built anew, as <c>ann build</c> does, so that it has what ours
/// promise: codes, reachability, a certificate.
/// </summary>
internal static class ConvertVerb
{
    private const string HnswNet = "hnsw.net", Hnswlib = "hnswlib", Usearch = "usearch";
    private const int Named = 10;
    private const int UsualEfConstruction = 200;

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> input = new("IN") { Description = VectorFormats.InputHelp + " With --from, an index file of that engine." };
        Argument<string?> output = new("OUT")
        {
            Description = "Vectors: what IN may be, but for #. Keys and attributes go inside, or to OUT.keys.jsonl and "
                + "OUT.attributes.jsonl where the format has no room. With --from, --output in its place.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string> from = VerbOptions.Choice(
            "--from", "An index file of another engine. hnsw.net: what HnswIndex.Save of Hnsw.Net writes; hnswlib: what saveIndex does; "
            + "usearch: what save does, format 2.", "", HnswNet, Hnswlib, Usearch);
        from.DefaultValueFactory = null;
        Option<string?> inputFormat = SpooledInput.Format();
        Option<bool> round = RowsOutput.Round();
        Option<int> dimension = VerbOptions.Number(
            "--dim", "Components of a vector, for hnswlib, whose files do not tell it.", 0, 0, RowLayout.MaxColumns);
        Option<string> metric = VerbOptions.Metric();
        metric.Required = false;
        metric.Description = "How nearness is measured, for hnswlib, whose files do not tell it.";
        BuildVerbOptions build = new(shapeIsOfInput: true);
        Option<string> negativeIds = VerbOptions.Choice(
            "--negative-ids", "Keys are 0 to 2^64 - 1. fail names negative ids of hnsw.net, wrap adds 2^64 to each.",
            "fail", "fail", "wrap");
        Option<bool> json = VerbOptions.Json();

        Verb command = new("convert",
            "Write vectors in another format, with their keys, attributes and payloads. With --from, build an index file from one of "
            + "another engine: its vectors, keys and metric, a graph of our own. Deleted items are left out.",
            "ann convert items.parquet items.arrow",
            "ann convert items.csv.gz items.fbin --attributes brand:keyword,price:double",
            "ann convert --from hnsw.net old.hnsw --output moved.ann",
            "ann convert --from hnswlib old.bin --dim 384 --metric cosine --output moved.ann",
            "ann convert --from usearch old.usearch --output moved.ann")
        {
            input, output, from, inputFormat, round, dimension, metric,
        };
        build.AddTo(command);
        command.Add(negativeIds);
        command.Add(json);
        build.RequireOutput(command, (line, index) => Check(line, from, line.GetValue(output), index, dimension, metric));
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(input);
            if (parsed.GetValue(from) is not { } engine)
            {
                using SpooledInput spooled = await SpooledInput.OpenAsync(tool, path, parsed.GetValue(inputFormat), cancellation);
                (AttributeSchema? schema, string? file) = build.Attributes(tool, parsed);
                RowConversionRequest rows = new(spooled.Path, parsed.GetValue(output)!, schema, file, parsed.GetValue(round));
                Tell(tool, new RowConversion(tool, rows).Run(cancellation) with { Input = path }, parsed.GetValue(json));
                return ExitCodes.Done;
            }
            ForeignIndex Open(IFileSystem files) => engine switch
            {
                HnswNet => ForeignIndex.OpenHnswNet(files, path),
                Usearch => UsearchFile.Open(files, path),
                _ => HnswlibFile.Open(
                    files, path, parsed.GetValue(dimension), MetricTraits.Names.Parse(parsed.GetValue(metric)!)),
            };
            using ForeignIndex index = Open(tool.Files);
            if (parsed.GetValue(negativeIds) == "fail")
                RequireNoNegativeIds(index);
            BuildRequest request = build.Read(tool, parsed, path, index.Metric, ShapeOf(tool, path, index));
            request = request with { Open = files => Open(files).Reader };
            if (BuildVerb.Run(tool, request, cancellation) is not { } built)
                return ExitCodes.CheckFailed;
            ConvertReport report = Report(index, engine, path, built);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ConvertReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>What goes together: two files of vectors, or an index file, its engine and the file that it becomes.</summary>
    private static void Check(
        CommandResult line, Option<string> from, string? output, string? index, Option<int> dimension, Option<string> metric)
    {
        string? engine = line.GetResult(from) is null ? null : line.GetValue(from);
        if (engine is null && (output is null || index is not null))
            line.AddError("OUT is missing: ann convert IN OUT. An index file of another engine takes --from and --output.");
        else if (engine is not null && (output is not null || index is null))
            line.AddError("--from takes one file, and --output FILE.ann.");
        else if (engine == Hnswlib && (line.GetValue(dimension) == 0 || line.GetResult(metric) is null))
            line.AddError("--from hnswlib takes --dim N and --metric M too: its files do not tell them.");
        else if (engine != Hnswlib && (line.GetValue(dimension) != 0 || line.GetResult(metric) is not null))
            line.AddError("--dim and --metric are of --from hnswlib; other files tell them.");
    }

    /// <summary>M and efConstruction of the file, within what a build takes.</summary>
    private static (int M, int EfConstruction) ShapeOf(ToolContext tool, string path, ForeignIndex index)
    {
        int m = Math.Clamp(index.M, HnswParameters.MinM, HnswParameters.MaxM);
        int efConstruction = Math.Clamp(index.EfConstruction ?? UsualEfConstruction, m, HnswParameters.MaxEfConstruction);
        if (m != index.M || (index.EfConstruction is int told && told != efConstruction))
        {
            tool.Notice(
                $"{path}: M is {index.M} and efConstruction {index.EfConstruction}; {m} and {efConstruction} are taken, the most is "
                + $"{HnswParameters.MaxM} and {HnswParameters.MaxEfConstruction}.");
        }
        if (index.EfConstruction is null)
            tool.Notice($"{path} does not tell efConstruction; {efConstruction} is taken. --ef-construction names another.");
        return (m, efConstruction);
    }

    private static void RequireNoNegativeIds(ForeignIndex index)
    {
        VectorReader reader = index.Reader;
        if (index.NegativeIds.Count == 0)
            return;
        IEnumerable<string> first = index.NegativeIds.Take(Named)
            .Select(row => $"{(long)reader.Keys!.Numbers[row]} ({reader.Place(row)})");
        throw AnnException.BadInput(reader.Path, "",
            $"{index.NegativeIds.Count:N0} of {reader.Count:N0} ids are negative, and keys are 0 to 2^64 - 1: {string.Join(", ", first)}"
            + $"{(index.NegativeIds.Count > Named ? ", …" : "")}. --negative-ids wrap adds 2^64 to each.");
    }

    private static ConvertReport Report(ForeignIndex index, string engine, string path, BuildReport built) => new()
    {
        Input = path,
        From = engine,
        FormatVersion = engine switch
        {
            HnswNet => HnswNetHeader.Version,
            Usearch => UsearchFile.Version,
            _ => null,
        },
        WrittenBy = engine == Usearch ? index.Version : null,
        Nodes = index.Nodes,
        DeletedSkipped = index.Deleted,
        NegativeIds = index.NegativeIds.Count,
        SourceM = index.M,
        SourceEfConstruction = index.EfConstruction,
        SourceEf = index.Ef,
        Build = built,
    };

    private static void Tell(ToolContext tool, VectorsReport report, bool asJson)
    {
        if (asJson)
        {
            ToolJson.Write(tool, report, ToolJson.Default.VectorsReport);
            return;
        }
        tool.Out.WriteLine(
            $"{report.Output}: {report.To}, {report.Rows:N0} rows of dimension {report.Dimension}, keys: {report.Keys ?? "row numbers"}"
            + (report.Attributes is null ? "" : $", attributes: {report.AttributesFile ?? "inline"} ({report.Attributes})")
            + (report.PayloadsFile is null ? "" : $", payloads: {report.PayloadsFile}")
            + (report.Rounded == 0 ? "" : $", {report.Rounded:N0} components rounded"));
    }

    private static void Print(TextWriter text, ConvertReport report)
    {
        text.WriteLine(
            $"{report.Input}: {report.From}{(report.FormatVersion is int version ? $", format {version}" : "")}, {report.Nodes:N0} nodes, "
            + $"{report.DeletedSkipped:N0} deleted left out; M {report.SourceM}"
            + (report.SourceEfConstruction is int efConstruction ? $", efConstruction {efConstruction}" : "")
            + (report.SourceEf is int ef ? $", ef {ef}" : ""));
        if (report.NegativeIds > 0)
            text.WriteLine($"  {report.NegativeIds:N0} negative ids have become keys by adding 2^64");
        BuildVerb.Print(text, report.Build);
    }
}
