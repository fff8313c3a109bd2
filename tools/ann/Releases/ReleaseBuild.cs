using System.Globalization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Releases;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool.Encoders;
using Ann.Tool.Reports;
using Ann.Tool.Verbs;

namespace Ann.Tool.Releases;

/// <summary>
/// From items and encoders to a release: encode, build, copy the encoder of the queries, prove the copy, measure, and list what there is.
/// The list comes last, so that nothing half-made is a release; what fails takes its files along.
/// </summary>
internal sealed class ReleaseBuild(ToolContext tool, ReleaseRequest request, CancellationToken cancellation)
{
    private const string WorkDirectory = "work";

    private IFileSystem Files => tool.Files;

    private string Output => request.Output;

    private string WorkPath => Path.Combine(Output, WorkDirectory);

    /// <summary>Builds it.</summary>
    /// <exception cref="AnnException">InvalidArgument: the directory is not empty; otherwise what the steps say.</exception>
    public ReleaseReport Run()
    {
        long start = tool.Time.GetTimestamp();
        RequireEmpty();
        bool existed = Files.DirectoryExists(Output);
        Files.CreateDirectory(Output);
        bool done = false;
        try
        {
            ReleaseReport report = Make(start);
            done = report.Passed;
            return report;
        }
        finally
        {
            DirectoryTree.Delete(Files, done ? WorkPath : Output);
            if (!done && existed)
                Files.CreateDirectory(Output);
        }
    }

    private ReleaseReport Make(long start)
    {
        Files.CreateDirectory(WorkPath);
        tool.Notice("1. encoding the items");
        string vectors = Path.Combine(WorkPath, "items.fbin");
        EncodeReport items = Encode(vectors);
        tool.Notice("2. the encoder of the queries");
        EncoderInfo asks = CopyEncoder();
        tool.Notice("3. building the index");
        string index = Path.Combine(Output, ReleaseDirectory.IndexFile);
        BuildRequest build = new() { Input = vectors, Output = index, Options = request.Build, QueryEncoder = asks };
        BuildReport built = BuildVerb.Run(tool, build, cancellation)!;
        tool.Notice("4. measuring");
        (ReleaseVerification found, int golden) = Measure(index, asks);
        string? fault = FaultOf(found);

        ReleaseReport report = new()
        {
            Release = Output,
            Passed = fault is null,
            Fault = fault,
            Generation = built.Generation!,
            ItemEncoder = new ReleaseEncoder(items.EncoderName, items.EncoderFingerprint),
            QueryEncoder = new ReleaseEncoder(asks.Name, asks.FingerprintText),
            EncoderFiles = 0,
            Bytes = 0,
            Verification = found,
            GoldenRows = golden,
            Seconds = 0,
        };
        return fault is null ? WriteList(report, start) : report with { Seconds = tool.SecondsSince(start) };
    }

    private EncodeReport Encode(string vectors)
    {
        EncodeRequest encode = new()
        {
            Input = request.Items,
            Output = vectors,
            Encoder = request.Encoder,
            Options = request.EncoderOptions,
            Attributes = request.Attributes,
            EmptyTexts = request.EmptyTexts,
        };
        return ReleaseQueries.IsText(request.Items)
            ? EncodeVerb.RunTexts(tool, encode, cancellation)
            : EncodeFeatures.Run(tool, encode, cancellation);
    }

    /// <summary>Puts the encoder of the queries into the release, where it is wanted there, and tells which one it is.</summary>
    private EncoderInfo CopyEncoder()
    {
        string encoder = request.QueryEncoder ?? request.Encoder;
        if (!request.CarriesEncoder)
            return CheckedEncoder.InfoOf(tool, encoder);
        string directory = Path.Combine(Output, ReleaseDirectory.EncoderDirectory);
        return encoder == EncoderChoice.Default
            ? EncoderCopy.WriteDefault(Files, tool.CacheDirectory, directory, request.EncoderOptions)
            : EncoderCopy.Run(Files, encoder, directory, request.EncoderOptions, cancellation);
    }

    private (ReleaseVerification Found, int Golden) Measure(string index, EncoderInfo asks)
    {
        string encoder = request.CarriesEncoder
            ? Path.Combine(Output, ReleaseDirectory.EncoderDirectory)
            : request.QueryEncoder ?? request.Encoder;
        using SealedSegment segment = SealedSegment.Open(Files, index);
        using CheckedEncoder opened = CheckedEncoder.Open(tool, encoder, request.EncoderOptions);
        IReadOnlyList<GoldenRow> queries = ReleaseMeasurement.Encode(
            segment, opened, ReleaseQueries.Read(tool, request.Queries ?? request.Items, opened, cancellation), cancellation);
        if (queries.Count == 0)
            throw AnnException.Invalid("--queries", $"encoder '{asks.Name}' makes the zero vector of every query.");
        ReleaseVerification found = new()
        {
            Rows = segment.Count,
            Reachable = segment.Certificate.Reachable,
            Recall = ReleaseMeasurement.Recall(tool, segment, queries, request.Ef, cancellation),
            K = Math.Min(ReleaseMeasurement.K, segment.Count),
            Ef = request.Ef,
            Queries = queries.Count,
            QuerySource = request.Queries is null ? "items" : "queries",
        };
        int golden = Math.Min(ReleaseMeasurement.Golden, queries.Count);
        GoldenRow[] kept = [.. Enumerable.Range(0, golden).Select(
            i => ReleaseMeasurement.Answered(segment, queries[(int)((long)i * queries.Count / golden)]))];
        GoldenRows.Write(Files, Path.Combine(Output, ReleaseDirectory.GoldenFile), kept);
        return (found, golden);
    }

    private string? FaultOf(ReleaseVerification found)
    {
        if (found.Reachable != found.Rows)
            return $"{found.Reachable} of {found.Rows} items can be reached; expected all.";
        return found.Recall >= request.MinRecall ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"recall@{found.K} of {found.Queries} {found.QuerySource} is {found.Recall:0.0000} at ef {found.Ef}, below "
            + $"{request.MinRecall}.");
    }

    private ReleaseReport WriteList(ReleaseReport report, long start)
    {
        DirectoryTree.Delete(Files, WorkPath);
        ReleasedFile[] files = [.. DirectoryTree.Files(Files, Output).Select(name => ReleaseDirectory.Describe(Files, Output, name))];
        Release release = new()
        {
            Version = Release.CurrentVersion,
            Generation = report.Generation,
            ItemEncoder = report.ItemEncoder,
            QueryEncoder = report.QueryEncoder,
            Files = files,
            Verification = report.Verification,
        };
        if (release.Fault() is string fault)
            throw AnnException.BadInput(Output, "", $"it cannot be a release: {fault}");
        ReleaseDirectory.Write(Files, Output, release);
        return report with
        {
            EncoderFiles = release.EncoderFiles.Count(),
            Bytes = files.Sum(static file => file.Bytes),
            Seconds = tool.SecondsSince(start),
        };
    }

    private void RequireEmpty()
    {
        OutputDirectory.RequireNew(Files, Output);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Output));
        if (!IndexName.IsValid(name))
        {
            throw AnnException.BadInput(
                Output, "", "a server takes names of 1 to 128 letters, digits, '.', '_', '-', the first a letter or digit.");
        }
    }
}
