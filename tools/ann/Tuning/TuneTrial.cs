using Ann.Core.Distances;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;

namespace Ann.Tool.Tuning;

/// <summary>An index of some of the rows, and what is measured of it. Its file goes with it.</summary>
internal sealed class TuneTrial : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly SealedSegment _segment;
    private readonly int _k;
    private readonly double _seconds;

    private TuneTrial(TuneShape shape, IFileSystem files, string path, TuneRequest request)
    {
        Shape = shape;
        _files = files;
        _path = path;
        _segment = SealedSegment.Open(files, path);
        _k = request.K;
        _seconds = request.MeasureSeconds;
    }

    /// <summary>What was built.</summary>
    public TuneShape Shape { get; }

    /// <summary>Bytes of the file a row.</summary>
    public double BytesPerRow => (double)_segment.SizeInBytes / _segment.Count;

    /// <summary>Widest beam that makes sense.</summary>
    private int MostEf => Math.Max(_k, Math.Min(_segment.Count, SearchParameters.MaxEfSearch));

    /// <summary>Builds one.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="request">Metric, k and threads.</param>
    /// <param name="shape">What to build.</param>
    /// <param name="rows">Of what.</param>
    /// <param name="path">A file that is not there.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static TuneTrial Build(
        ToolContext tool, TuneRequest request, TuneShape shape, VectorTable rows, string path, CancellationToken cancellation)
    {
        SegmentBuildOptions options = new()
        {
            Metric = request.Metric,
            M = shape.M,
            EfConstruction = shape.EfConstruction,
            Layout = shape.Layout,
            Codes = shape.Codes,
            Threads = request.Threads,
        };
        using SegmentBuilder builder = new(rows.Count, rows.Dimension, options);
        for (int row = 0; row < rows.Count; row++)
            builder.Add(rows.Values(row));
        builder.Build(KeyColumn.Ordinals(rows.Count), null, cancellation);
        builder.Write(tool.Files, path, null, cancellation);
        return new TuneTrial(shape, tool.Files, path, request);
    }

    /// <summary>Recall of a beam width, with its standard error.</summary>
    public (double Mean, double Error) Recall(int ef, TuneQueries queries, CancellationToken cancellation)
    {
        Neighbor[] found = new Neighbor[queries.Set.Count * _k];
        ParallelOptions options = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, queries.Set.Count, options, query =>
        {
            Span<Neighbor> results = found.AsSpan(query * _k, _k);
            int count = _segment.Search(queries.Set[query], new SearchParameters(_k, ef), SearchBudget.Unlimited, results, out _);
            results[count..].Fill(new Neighbor(-1, float.PositiveInfinity));
        });
        RecallMeter meter = new(_segment, queries.Set, queries.Truth);
        double mean = meter.Mean(found);
        return (mean, meter.StandardError);
    }

    /// <summary>
    /// The least beam width whose recall reaches a target with a margin: twice what chance may make two halves of the queries differ, less
    /// the half of a percent that a promise may miss by.
    /// </summary>
    /// <returns>0 where none does.</returns>
    public int EfFor(double target, TuneQueries queries, CancellationToken cancellation)
    {
        int high = _k;
        while (!Reaches(high, target, queries, cancellation))
        {
            if (high == MostEf)
                return 0;
            high = Math.Min(high * 2, MostEf);
        }
        int low = high == _k ? _k : Math.Max(_k, high / 2) + 1;
        while (high - low > low / 64)
        {
            int middle = (low + high) / 2;
            if (Reaches(middle, target, queries, cancellation))
                high = middle;
            else
                low = middle + 1;
        }
        return high;
    }

    /// <summary>The widest beam whose mean latency stays within a limit; k where none does.</summary>
    public int EfWithin(double microseconds, TuneQueries queries, CancellationToken cancellation)
    {
        SearchTrial search = new(_segment, queries.Set, _k, threads: 1);
        int low = _k;
        int high = _k;
        while (high < MostEf && search.Run(high, cancellation).MeanUs <= microseconds)
        {
            low = high;
            high = Math.Min(high * 2, MostEf);
        }
        while (high - low > Math.Max(1, low / 16))
        {
            int middle = (low + high) / 2;
            if (search.Run(middle, cancellation).MeanUs <= microseconds)
                low = middle;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Recall and latency of a beam width.</summary>
    public TunePoint Measure(int ef, TuneQueries queries, CancellationToken cancellation)
    {
        (double recall, double error) = Recall(ef, queries, cancellation);
        EvalRun run = new SearchTrial(_segment, queries.Set, _k, threads: 1, _seconds).Run(ef, cancellation);
        return new TunePoint
        {
            M = Shape.M,
            EfConstruction = Shape.EfConstruction,
            Layout = Core.EnumNames<SegmentLayout>.Plain.Of(Shape.Layout),
            Codes = Core.EnumNames<CodesKind>.Plain.Of(Shape.Codes),
            Ef = ef,
            Recall = recall,
            RecallError = error,
            MeanUs = run.MeanUs,
            P99Us = run.P99Us,
            BytesPerRow = BytesPerRow,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _segment.Dispose();
        _files.Delete(_path);
    }

    private bool Reaches(int ef, double target, TuneQueries queries, CancellationToken cancellation)
    {
        (double mean, double error) = Recall(ef, queries, cancellation);
        return mean >= Math.Min(target + queries.MarginOf(error), (target + 1) / 2);
    }
}

/// <summary>Queries with their true neighbours among the rows of a trial.</summary>
/// <param name="Set">The queries.</param>
/// <param name="Truth">Their neighbours.</param>
/// <param name="HasMargin">True to want more recall than the target, since other queries will be asked.</param>
internal sealed record TuneQueries(QuerySet Set, GroundTruth Truth, bool HasMargin)
{
    private const double Allowed = 0.005;

    /// <summary>Recall wanted beyond a target.</summary>
    public double MarginOf(double error) => HasMargin ? Math.Max(0, (2 * Math.Sqrt(2) * error) - Allowed) : 0;
}
