using Ann.Core;
using Ann.Core.Distances;
using Ann.Tool.Attributes;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;
using static System.FormattableString;

namespace Ann.Tool.Tuning;

/// <summary>
/// Finds build and search parameters by successive halving: all shapes on a small sample, the better half on a larger one, the best few on
/// the whole base. Half of the queries choose; the other half confirms.
/// </summary>
/// <param name="tool">Files, clock and console.</param>
/// <param name="request">What is wanted.</param>
internal sealed class TuneRun(ToolContext tool, TuneRequest request)
{
    /// <summary>Fewest queries that can be halved.</summary>
    public const int LeastQueries = 20;

    private const int FewQueries = 200, MostQueries = 4000, FirstSample = 5000, SecondSample = 25_000, Finalists = 4, Rounds = 3;

    private readonly long _start = tool.Time.GetTimestamp();
    private readonly List<TunePoint> _points = [];
    private int _builds;

    private double SecondsLeft => request.Budget.TotalSeconds - tool.SecondsSince(_start);

    /// <summary>Tunes.</summary>
    /// <param name="cancellation">Ends it early; nothing stays.</param>
    /// <exception cref="AnnException">InvalidArgument: too few queries or rows, or a budget that is too short for a sample.</exception>
    public TuneReport Run(CancellationToken cancellation)
    {
        using VectorTable rows = ReadRows(cancellation);
        QuerySet all = QuerySet.Load(tool, request.Queries, request.Base, rows.Dimension);
        if (all.Count < LeastQueries)
            throw AnnException.BadInput(request.Queries, "", $"it has {all.Count} queries; tuning needs {LeastQueries} or more to halve.");
        if (rows.Count <= request.K)
            throw AnnException.Invalid("--k", $"--k is {request.K}; {request.Base} has {rows.Count} rows.");
        if (all.Count < FewQueries)
            tool.Notice($"{request.Queries} has {all.Count} queries, half of which choose: the margin is wide, and so is the beam.");
        (QuerySet tuning, QuerySet heldOut) = Halves(all, rows.Dimension);

        DirectoryInfo folder = tool.MakeTemporaryFolder("ann-tune-");
        using CancellationTokenSource budget = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        budget.CancelAfter(TimeSpan.FromSeconds(Math.Max(0, SecondsLeft)));
        try
        {
            IReadOnlyList<Result> ranked = Sampled(rows, tuning, folder, budget.Token, cancellation);
            Result? chosen = Confirmed(rows, tuning, heldOut, ranked, folder, budget.Token, cancellation);
            return Report(rows.Count, tuning.Count, heldOut.Count, chosen ?? ranked[0], chosen is not null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The queries that confirm, with their truth, for who compares.</summary>
    public TuneQueries HeldOut(VectorTable rows, CancellationToken cancellation)
    {
        QuerySet all = QuerySet.Load(tool, request.Queries, request.Base, rows.Dimension);
        QuerySet heldOut = Halves(all, rows.Dimension).HeldOut;
        return new TuneQueries(heldOut, Truth(rows, heldOut, cancellation), HasMargin: false);
    }

    /// <summary>The whole base. The caller disposes it.</summary>
    public VectorTable ReadRows(CancellationToken cancellation)
    {
        using TruthBase reader = TruthBase.Open(tool, request.Base, request.Metric, AttributeRequest.Beside);
        VectorTable rows = new(reader.Count, reader.Dimension);
        try
        {
            using VectorTable block = new(Math.Min(4096, reader.Count), reader.Dimension);
            int[] numbers = new int[block.Count];
            while (reader.Read(block, null, numbers, out int taken) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                for (int i = 0; i < taken; i++)
                {
                    RowPreparation.Check(request.Metric, block.Values(i), request.Base, numbers[i]);
                    rows.Set(numbers[i], block.Values(i));
                }
            }
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>Every second query of those that are used, and the others.</summary>
    private static (QuerySet Tuning, QuerySet HeldOut) Halves(QuerySet all, int dimension)
    {
        float[][] used = all.Spread(MostQueries);
        float[][] even = [.. used.Where(static (_, i) => i % 2 == 0)];
        float[][] odd = [.. used.Where(static (_, i) => i % 2 == 1)];
        return (new QuerySet([.. even.SelectMany(static one => one)], even.Length, dimension),
            new QuerySet([.. odd.SelectMany(static one => one)], odd.Length, dimension));
    }

    /// <summary>Ranks shapes by what they do on samples, the best first; at least one.</summary>
    private List<Result> Sampled(
        VectorTable rows, QuerySet tuning, DirectoryInfo folder, CancellationToken budget, CancellationToken cancellation)
    {
        IReadOnlyList<TuneShape> shapes = TuneShape.Beginning(request.MaxBytesPerRow is not null);
        List<Result> ranked = [];
        foreach ((int size, double share) in (ReadOnlySpan<(int, double)>)[(FirstSample, 0.25), (SecondSample, 0.5)])
        {
            if (ranked.Count > 0 && rows.Count <= size / 2)
                break;
            using VectorTable sample = Sample(rows, Math.Min(size, rows.Count));
            TuneQueries queries = new(tuning, Truth(sample, tuning, cancellation), HasMargin: true);
            List<Result> results = [];
            foreach (TuneShape shape in shapes)
            {
                if (results.Count > 0 && tool.SecondsSince(_start) > share * request.Budget.TotalSeconds)
                {
                    tool.Notice($"{results.Count} of {shapes.Count} builds on {sample.Count:N0} rows fit into the budget.");
                    break;
                }
                if (Try(() => Tried(shape, sample, queries, folder, budget), cancellation) is { } result)
                    results.Add(result);
            }
            if (results.Count == 0)
                break;
            ranked = [.. results.OrderBy(Rank).ThenBy(result => result.Point.BytesPerRow)];
            shapes = [.. ranked.Take((ranked.Count + 1) / 2).Select(result => result.Shape)];
            shapes = [.. shapes, .. shapes.Take(2).Select(shape => shape with { EfConstruction = 400 })];
            shapes = [.. shapes.Distinct()];
        }
        return ranked.Count > 0
            ? ranked
            : throw AnnException.Invalid("--budget", $"--budget is {request.Budget}; it does not suffice for one build on a sample.");
    }

    /// <summary>Builds the best on the whole base as long as there is time, and chooses by the tuning queries.</summary>
    private Result? Confirmed(
        VectorTable rows, QuerySet tuning, QuerySet heldOut, IReadOnlyList<Result> ranked, DirectoryInfo folder, CancellationToken budget,
        CancellationToken cancellation)
    {
        if (Try(() => (GroundTruth[])[Truth(rows, tuning, budget), Truth(rows, heldOut, budget)], cancellation) is not [var near, var far])
            return null;
        TuneQueries choosing = new(tuning, near, HasMargin: true);
        TuneQueries confirming = new(heldOut, far, HasMargin: false);
        List<Candidate> candidates = [];
        try
        {
            double longest = 0;
            // Several, since what a sample ranks close changes places on the whole base.
            foreach (TuneShape shape in ranked.Select(static result => result.Shape).Take(Finalists))
            {
                if (candidates.Count > 0 && longest * 1.5 > SecondsLeft)
                    break;
                long start = tool.Time.GetTimestamp();
                if (Try(() => Built(shape, rows, choosing, folder, budget), cancellation) is not { } candidate)
                    break;
                candidates.Add(candidate);
                longest = Math.Max(longest, tool.SecondsSince(start));
            }
            List<Result> results = [];
            foreach ((Candidate candidate, TunePoint point) in InTurn(candidates, confirming, budget, cancellation))
            {
                results.Add(ResultOf(candidate, point, isConfirmed: true));
                Tell(rows.Count, results[^1]);
            }
            return results.MinBy(Rank);
        }
        finally
        {
            foreach (Candidate candidate in candidates)
                candidate.Trial.Dispose();
        }
    }

    /// <summary>
    /// Measures candidates one after the other, several times: what else runs on the machine meanwhile meets all of them. Of each, the
    /// median by latency.
    /// </summary>
    private List<(Candidate Candidate, TunePoint Point)> InTurn(
        List<Candidate> candidates, TuneQueries queries, CancellationToken budget, CancellationToken cancellation)
    {
        List<TunePoint>[] points = [.. candidates.Select(static _ => new List<TunePoint>())];
        for (int round = 0; round < Rounds && candidates.Count > 0; round++)
            for (int i = 0; i < candidates.Count; i++)
                if (Try(() => candidates[i].Measure(queries, round == 0 ? cancellation : budget), cancellation) is { } point)
                    points[i].Add(point);
        List<(Candidate, TunePoint)> medians = [];
        for (int i = 0; i < candidates.Count; i++)
        {
            TunePoint median = points[i].OrderBy(static point => point.MeanUs).ElementAt(points[i].Count / 2);
            medians.Add((candidates[i], median));
            _points.Add(median);
            foreach (double factor in (double[])[0.25, 0.5, 2])
                if ((int)(median.Ef * factor) is int other && other >= request.K && SecondsLeft > 5)
                    _points.Add(candidates[i].Trial.Measure(other, queries, cancellation));
        }
        return medians;
    }

    private GroundTruth Truth(VectorTable rows, QuerySet queries, CancellationToken cancellation)
    {
        using TruthBase all = TruthBase.Of(rows, request.Base);
        TruthAsk ask = new(request.K, request.Queries, request.Threads);
        return GroundTruth.Of(TruthSearch.Run(tool, request.Metric, all, queries, ask, cancellation));
    }

    /// <summary>Builds a shape of a sample, finds its beam width and measures it.</summary>
    private Result Tried(
        TuneShape shape, VectorTable sample, TuneQueries queries, DirectoryInfo folder, CancellationToken cancellation)
    {
        Candidate candidate = Built(shape, sample, queries, folder, cancellation);
        using TuneTrial trial = candidate.Trial;
        Result result = ResultOf(candidate, candidate.Measure(queries, cancellation), isConfirmed: false);
        Tell(sample.Count, result);
        return result;
    }

    /// <summary>Builds a shape and finds its beam width.</summary>
    private Candidate Built(
        TuneShape shape, VectorTable rows, TuneQueries queries, DirectoryInfo folder, CancellationToken cancellation)
    {
        string path = Path.Combine(folder.FullName, $"{_builds++}.ann");
        TuneTrial trial = TuneTrial.Build(tool, request, shape, rows, path, cancellation);
        try
        {
            int ef = request.TargetRecall is double target
                ? trial.EfFor(target, queries, cancellation)
                : trial.EfWithin(request.MaxLatencyUs!.Value, queries, cancellation);
            return new Candidate(trial, ef, Math.Max(request.K, 1024));
        }
        catch
        {
            trial.Dispose();
            throw;
        }
    }

    private Result ResultOf(Candidate candidate, TunePoint point, bool isConfirmed)
    {
        bool isFit = candidate.Ef > 0 && !(point.BytesPerRow > request.MaxBytesPerRow) && !(point.MeanUs > request.MaxLatencyUs * 1.05)
            && !(isConfirmed && point.Recall < request.TargetRecall - 0.005);
        return new Result(candidate.Trial.Shape, point, isFit);
    }

    private void Tell(int rows, Result result) => tool.Notice(
        $"tune: {rows:N0} rows, {result.Shape}: ef {result.Point.Ef}, recall {result.Point.Recall:F4}, {result.Point.MeanUs:F0} us, "
        + $"{result.Point.BytesPerRow:F0} bytes a row{(result.IsFit ? "" : ", not what is wanted")}");

    /// <summary>Less is better.</summary>
    private double Rank(Result result)
    {
        double rank = request.TargetRecall is null ? 1 - result.Point.Recall : result.Point.MeanUs;
        return result.IsFit ? rank : rank + 1e12;
    }

    /// <summary>Null where the budget ended the work.</summary>
    private static T? Try<T>(Func<T> work, CancellationToken cancellation)
        where T : class
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static VectorTable Sample(VectorTable rows, int count)
    {
        VectorTable sample = new(count, rows.Dimension);
        for (int i = 0; i < count; i++)
            sample.Set(i, rows.Values((int)((long)i * rows.Count / count)));
        return sample;
    }

    private TuneReport Report(int rows, int tuning, int heldOut, Result chosen, bool isOfAll)
    {
        TunePoint point = chosen.Point;
        string metric = request.Metric.Traits().Name;
        return new TuneReport
        {
            Base = request.Base,
            Rows = rows,
            Metric = metric,
            K = request.K,
            TargetRecall = request.TargetRecall,
            MaxLatencyUs = request.MaxLatencyUs,
            MaxBytesPerRow = request.MaxBytesPerRow,
            TuningQueries = tuning,
            HeldOutQueries = heldOut,
            IsConfirmed = isOfAll && chosen.IsFit,
            Chosen = point,
            Front = Front(),
            Builds = _builds,
            Seconds = tool.SecondsSince(_start),
            BuildCommand = TypedLine.Of(
                "ann",
                [
                    "build", "--input", request.Base, "--metric", metric,
                    "--output", Path.GetFileNameWithoutExtension(request.Base) + ".ann",
                    "--m", Invariant($"{point.M}"), "--ef-construction", Invariant($"{point.EfConstruction}"),
                    "--layout", point.Layout, "--codes", point.Codes, "--queries", request.Queries,
                ]),
            QueryOptions = $"--k {request.K} --ef {point.Ef}",
        };
    }

    private List<TunePoint> Front() =>
    [
        .. _points.Where(one => !_points.Exists(other => !ReferenceEquals(one, other) && other.Recall >= one.Recall
                && other.MeanUs <= one.MeanUs && other.BytesPerRow <= one.BytesPerRow))
            .OrderBy(static one => one.Recall),
    ];

    /// <summary>A shape that was built on all rows.</summary>
    /// <param name="Trial">The index.</param>
    /// <param name="Ef">Its beam width; 0 where none is what was asked for.</param>
    /// <param name="Widest">What is measured then.</param>
    private sealed record Candidate(TuneTrial Trial, int Ef, int Widest)
    {
        public TunePoint Measure(TuneQueries queries, CancellationToken cancellation) =>
            Trial.Measure(Ef == 0 ? Widest : Ef, queries, cancellation);
    }

    /// <summary>A shape that was tried.</summary>
    /// <param name="Shape">What was built.</param>
    /// <param name="Point">As measured.</param>
    /// <param name="IsFit">True when it is what was asked for.</param>
    private sealed record Result(TuneShape Shape, TunePoint Point, bool IsFit);
}
