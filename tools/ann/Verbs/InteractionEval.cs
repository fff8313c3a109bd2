using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Interactions;
using Ann.Tool.Judged;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann eval --interactions</c>: what recall is worth to users, by what they took afterwards.</summary>
internal sealed class InteractionEval
{
    private readonly Option<string?> _interactions = VerbOptions.Optional(
        "--interactions", "FILE", "Held-out events, user TAB item [TAB time] a line: measures how well answers foresee them. --queries are "
            + "then the users' vectors, whose keys are the users.");

    private readonly Option<string?> _seen = VerbOptions.Optional(
        "--seen", "FILE", "With --interactions: the events before, in the same form. No user is answered what he has seen; popularity is "
            + "counted from them.");

    private readonly Option<string?> _previous = VerbOptions.Optional(
        "--previous", "FILE", "With --interactions: an .ann file of before, to stand beside.");

    /// <summary>Adds its options.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_interactions, _seen, _previous])
            command.Add(option);
    }

    /// <summary>True where interactions are to be measured.</summary>
    public bool IsAsked(SymbolResult result) => result.GetResult(_interactions) is not null;

    /// <summary>Refuses what does not go with it.</summary>
    public void Check(CommandResult result)
    {
        if (!IsAsked(result) && ((Option[])[_seen, _previous]).FirstOrDefault(option => result.GetResult(option) is not null) is { } stray)
            result.AddError($"{stray.Name} belongs to --interactions.");
    }

    /// <summary>Measures.</summary>
    /// <param name="tool">Whose output.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="files">The index and the users' vectors.</param>
    /// <param name="shape">Items of an answer, and beam widths.</param>
    /// <param name="seed">Of the bootstrap.</param>
    /// <param name="cancellation">Asks for an end.</param>
    public InteractionReport Run(
        ToolContext tool, ParseResult parsed, (string Index, string Queries) files, (int K, int[] Ef) shape, int seed,
        CancellationToken cancellation) => Run(
            tool, new InteractionAsk(files.Index, files.Queries, parsed.GetValue(_interactions)!, shape.K, shape.Ef, seed)
            {
                Seen = parsed.GetValue(_seen),
                Previous = parsed.GetValue(_previous),
            },
            cancellation);

    /// <summary>Measures.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="files">What is measured, and how.</param>
    /// <param name="cancellation">Asks for an end.</param>
    public static InteractionReport Run(ToolContext tool, InteractionAsk files, CancellationToken cancellation)
    {
        (string heldOut, string? seen, int seed) = (files.HeldOut, files.Seen, files.Seed);
        using SealedSegment segment = SealedSegment.Open(tool.Files, files.Index);
        using SealedSegment? previous = files.Previous is { } path ? SealedSegment.Open(tool.Files, path) : null;
        if (previous is not null && previous.Dimension != segment.Dimension)
        {
            throw AnnException.BadInput(
                previous.Path, "", $"its vectors have dimension {previous.Dimension}; those of {files.Index} have {segment.Dimension}.");
        }
        ItemNames names = new();
        int[] numbers = names.OfAll(segment);
        UserVectors vectors = UserVectors.Read(tool, files.Queries, files.Index, segment.Dimension);
        HeldOutUsers users = HeldOutUsers.Read(tool.Files, names, vectors, heldOut, seen);
        if (seen is null)
            tool.Notice("Without --seen nothing is left out of answers, and there is no popularity to compare with.");
        int k = files.K;
        InteractionScores scores = new(users, k, seed);

        int[][] exact = UserAnswers.OfIndex(segment, numbers, users.Users, new SearchParameters(k, Exact: true), cancellation);
        List<InteractionRun> runs = [scores.Score("exact", exact, exact, numbers) with { Recall = 1, AgainstExact = null }];
        foreach (int ef in files.Ef)
        {
            int[][] found = UserAnswers.OfIndex(segment, numbers, users.Users, new SearchParameters(k, ef), cancellation);
            runs.Add(scores.Score($"ann ef {ef}", found, exact, numbers) with { Ef = ef });
        }
        double? worth = Slope([.. runs.Select(static run => (run.Recall!.Value, run.HitRate))]) / 100;
        if (users.Counts is { } counts)
        {
            int[][] popular = UserAnswers.OfPopularity(numbers, counts, names, users.Users, k);
            runs.Add(scores.Score("popularity", popular, exact, numbers) with { Recall = null });
        }
        if (previous is not null)
        {
            int[] before = names.OfAll(previous);
            int ef = files.Ef.Max();
            int[][] found = UserAnswers.OfIndex(previous, before, users.Users, new SearchParameters(k, ef), cancellation);
            runs.Add(scores.Score($"previous ef {ef}", found, exact, before) with { Ef = ef, Recall = null });
        }
        HashSet<int> there = [.. numbers];
        return new InteractionReport
        {
            Index = files.Index,
            Interactions = heldOut,
            Seen = seen,
            Users = users.Users.Count,
            UsersWithoutVector = users.WithoutVector,
            MissingItems = users.Users.Sum(user => user.Wanted.Keys.Count(item => !there.Contains(item))),
            K = k,
            HitRatePerRecallPoint = worth,
            Resamples = PairedBootstrap.Resamples,
            Seed = seed,
            Answers = runs,
        };
    }

    /// <summary>Slope of the straight line through points, by least squares; null where all stand above one place.</summary>
    private static double? Slope(IReadOnlyList<(double X, double Y)> points)
    {
        (double x, double y) = (points.Average(static point => point.X), points.Average(static point => point.Y));
        double square = points.Sum(point => (point.X - x) * (point.X - x));
        return square < 1e-12 ? null : points.Sum(point => (point.X - x) * (point.Y - y)) / square;
    }

    /// <summary>Tells a person.</summary>
    public static void Print(TextWriter text, InteractionReport report)
    {
        text.WriteLine($"{report.Index}: {report.Users:N0} users of {report.Interactions}, k {report.K}");
        if (report.UsersWithoutVector > 0)
            text.WriteLine($"{report.UsersWithoutVector:N0} users have no vector and are not measured.");
        if (report.MissingItems > 0)
            text.WriteLine($"{report.MissingItems:N0} held-out items are not in the index; they count as missed.");
        text.WriteLine(
            $"{"answers",-18}{"recall",8}{"HR@" + report.K,9}{"95 %",19}{"NDCG",9}{"MRR",9}{"coverage",10}"
            + $"{"bias",8}{"p against exact",17}");
        foreach (InteractionRun run in report.Answers)
        {
            text.WriteLine(
                $"{run.Answers,-18}{run.Recall,8:F4}{run.HitRate,9:F4}{$"{run.HitRateLow:F4} to {run.HitRateHigh:F4}",19}{run.Ndcg,9:F4}"
                + $"{run.Mrr,9:F4}{run.Coverage,10:F4}{run.PopularityBias,8:F2}{run.AgainstExact?.P,17:F4}");
        }
        text.WriteLine(report.HitRatePerRecallPoint is double worth
            ? $"A point of recall@{report.K} (0.01) is worth {worth:+0.00000;-0.00000;0.00000} of HR@{report.K}."
            : "All beam widths have the same recall: what a point of it is worth cannot be told. Narrower ones (--ef) may tell.");
        text.WriteLine($"Significance: paired bootstrap over users, {report.Resamples:N0} draws, seed {report.Seed}.");
    }
}
