using System.CommandLine;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Hnsw;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>
/// <c>ann convert</c>: an index file of another engine in, an index file out. Vectors, keys, metric and parameters are taken over; the
/// graph is built anew, as <c>ann build</c> does, so that it has what ours promise: codes, reachability, a certificate.
/// </summary>
internal static class ConvertVerb
{
    private const string HnswNet = "hnsw.net";
    private const int Named = 10;

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> input = new("FILE") { Description = "The file of the other engine." };
        Option<string> from = VerbOptions.Choice("--from", "Its format. hnsw.net: what HnswIndex.Save of Hnsw.Net writes.", "", HnswNet);
        from.DefaultValueFactory = null;
        from.Required = true;
        BuildVerbOptions build = new(shapeIsOfInput: true);
        Option<string> negativeIds = VerbOptions.Choice(
            "--negative-ids", "Keys are 0 to 2^64 - 1. fail names negative ids, wrap adds 2^64 to each.", "fail", "fail", "wrap");
        Option<bool> json = VerbOptions.Json();

        Verb command = new("convert",
            "Build an index file from one of another engine: its vectors, keys and metric, a graph of our own. Deleted items are left out.",
            "ann convert --from hnsw.net old.hnsw --output moved.ann")
        {
            input, from,
        };
        build.AddTo(command);
        command.Add(negativeIds);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(input);
            using HnswNetReader reader = HnswNetReader.Open(tool.Files, path);
            if (parsed.GetValue(negativeIds) == "fail")
                RequireNoNegativeIds(reader);
            HnswNetHeader header = reader.Header;
            BuildRequest request = build.Read(tool, parsed, path, header.Metric, ShapeOf(tool, path, header));
            request = request with { Open = files => HnswNetReader.Open(files, path) };
            if (BuildVerb.Run(tool, request, cancellation) is not { } built)
                return Task.FromResult(ExitCodes.CheckFailed);
            ConvertReport report = new()
            {
                Input = path,
                From = HnswNet,
                FormatVersion = HnswNetHeader.Version,
                Nodes = header.Count,
                DeletedSkipped = reader.Deleted,
                NegativeIds = reader.NegativeIds.Count,
                SourceM = header.M,
                SourceEfConstruction = header.EfConstruction,
                SourceEf = header.Ef,
                Build = built,
            };
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ConvertReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>M and efConstruction of the file, within what a build takes.</summary>
    private static (int M, int EfConstruction) ShapeOf(ToolContext tool, string path, HnswNetHeader header)
    {
        int m = Math.Min(header.M, HnswParameters.MaxM);
        int efConstruction = Math.Min(header.EfConstruction, HnswParameters.MaxEfConstruction);
        if ((m, efConstruction) != (header.M, header.EfConstruction))
        {
            tool.Notice(
                $"{path}: M is {header.M} and efConstruction {header.EfConstruction}; {m} and {efConstruction} are taken, the most is "
                + $"{HnswParameters.MaxM} and {HnswParameters.MaxEfConstruction}.");
        }
        return (m, efConstruction);
    }

    private static void RequireNoNegativeIds(HnswNetReader reader)
    {
        if (reader.NegativeIds.Count == 0)
            return;
        IEnumerable<string> first = reader.NegativeIds.Take(Named)
            .Select(row => $"{(long)reader.Keys.Numbers[row]} ({reader.Place(row)})");
        throw AnnException.BadInput(reader.Path, "",
            $"{reader.NegativeIds.Count:N0} of {reader.Count:N0} ids are negative, and keys are 0 to 2^64 - 1: {string.Join(", ", first)}"
            + $"{(reader.NegativeIds.Count > Named ? ", …" : "")}. --negative-ids wrap adds 2^64 to each.");
    }

    private static void Print(TextWriter text, ConvertReport report)
    {
        text.WriteLine(
            $"{report.Input}: {report.From}, format {report.FormatVersion}, {report.Nodes:N0} nodes, "
            + $"{report.DeletedSkipped:N0} deleted left out; M {report.SourceM}, efConstruction {report.SourceEfConstruction}, "
            + $"ef {report.SourceEf}");
        if (report.NegativeIds > 0)
            text.WriteLine($"  {report.NegativeIds:N0} negative ids have become keys by adding 2^64");
        BuildVerb.Print(text, report.Build);
    }
}
