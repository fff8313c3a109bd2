using System.Globalization;
using System.Text;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;
using Ann.Encoding.Descriptions;
using Ann.Tool.Encoders;
using Ann.Tool.Interactions;
using Ann.Tool.Items;
using Ann.Tool.Reports;
using Ann.Tool.Verbs;

namespace Ann.Tool.Samples;

/// <summary>
/// From ratings to two towers, vectors, an index and what all of it is worth. Behind the training every step is the verb that a user would
/// call: encode, build, eval.
/// </summary>
internal sealed class TwoTowerBuild(ToolContext tool, TwoTowerRequest request, CancellationToken cancellation)
{
    private const string Note =
        "A sample: implicit ALS with settings that nobody tuned for the data, to see the whole path. For use train towers of your own.";

    // The towers are small; looking for a GPU would only delay them.
    private static readonly EncoderOptions Options = new() { Providers = ["cpu"], MaxBatchRows = 256 };

    /// <summary>Names of what is in the directory.</summary>
    public const string ItemTower = "sample-item-tower", UserTower = "sample-user-tower", Index = "items.ann", Items = "items.fbin",
        Users = "users.fbin", ItemNumbers = "item_ids.ibin", Histories = "histories.ibin", Training = "train.tsv", HeldOut = "heldout.tsv",
        Summary = "sample.json";

    private const int MostGolden = 16;

    private readonly AlsSettings _training = request.Training;

    /// <summary>Makes it.</summary>
    /// <exception cref="AnnException">InvalidArgument: the ratings, or the directory.</exception>
    public TwoTowerReport Run()
    {
        long start = tool.Time.GetTimestamp();
        using OutputDirectory output = new(tool.Files, request.Output);
        tool.Notice($"1. reading {request.Ratings}");
        Ratings ratings = RatingFile.Read(tool, request.Ratings, request.MinRating, cancellation);
        LastEvents events = Split(ratings);
        double read = tool.SecondsSince(start);

        tool.Notice($"2. training {_training.Factors} factors on {events.Training.Count:N0} events (implicit ALS)");
        ImplicitAls model = ImplicitAls.Train(tool, events.ByUser, events.Items.Count, _training, cancellation);
        double trained = tool.SecondsSince(start);

        tool.Notice("3. writing the towers, and encoding items and users with them");
        WriteTower(output[ItemTower], TowerGraphs.Item(model, _training.Factors), TowerGraphs.ItemInput, TowerGraphs.ItemOutput);
        WriteTower(
            output[UserTower], TowerGraphs.User(model, _training.Factors, _training.Confidence), TowerGraphs.UserInput,
            TowerGraphs.UserOutput);
        WriteNumbers(output, events);
        Encode(output, ItemTower, ItemNumbers, Items);
        Encode(output, UserTower, Histories, Users);
        double difference = CheckTower(output, events, model);
        double encoded = tool.SecondsSince(start);

        tool.Notice("4. building the index");
        BuildRequest build = new()
        {
            Input = output[Items],
            Output = output[Index],
            QueryEncoder = EncoderCopy.InfoOf(tool.Files, output[UserTower], Options),
            Queries = output[Users],
            Options = new()
            {
                Metric = MetricTraits.Names.Parse("ip"), // nearness is the product that was trained
                Name = "sample-two-tower",
                Source = Path.GetFileName(request.Ratings),
                Seed = (ulong)_training.Seed,
                Threads = _training.Threads,
            },
        };
        _ = BuildVerb.Run(tool, build, cancellation);
        double built = tool.SecondsSince(start);

        tool.Notice("5. measuring on held-out events");
        InteractionReport found = Evaluate(output, events);
        InteractionRun popularity = found.Answers.First(static run => run.Answers == "popularity");
        InteractionRun widest = found.Answers.Where(static run => run.Ef is not null).MaxBy(static run => run.Ef)!;
        Judged.MeanDifference less = popularity.AgainstExact!.Value;
        double total = tool.SecondsSince(start);
        TwoTowerReport report = new()
        {
            Note = Note,
            Ratings = request.Ratings,
            Output = output.Path,
            Lines = ratings.Lines,
            LinesBelow = ratings.Below,
            HasTimes = ratings.HasTimes,
            Users = events.Users.Count,
            Items = events.Items.Count,
            TrainingEvents = events.Training.Count,
            HeldOutEvents = events.HeldOut.Count,
            Factors = _training.Factors,
            Iterations = _training.Iterations,
            Regularization = _training.Regularization,
            Confidence = _training.Confidence,
            History = request.History,
            Seed = _training.Seed,
            TowerDifference = difference,
            BeatsPopularity = widest.HitRate > popularity.HitRate && widest.Ndcg > popularity.Ndcg,
            OverPopularity = new Judged.MeanDifference(-less.Difference, -less.High, -less.Low, less.P),
            Evaluation = found,
        };
        WriteText(output[Summary], JsonSerializer.Serialize(report, ToolJson.Default.TwoTowerReport) + "\n");
        cancellation.ThrowIfCancellationRequested();
        output.Commit();
        return report with
        {
            Seconds = new TwoTowerSeconds
            {
                Read = read,
                Train = trained - read,
                Encode = encoded - trained,
                Build = built - encoded,
                Evaluate = total - built,
                Total = tool.SecondsSince(start),
            },
        };
    }

    private LastEvents Split(Ratings ratings)
    {
        if (!ratings.HasTimes)
            tool.Notice($"{request.Ratings} has no times: the order of its lines stands for them.");
        LastEvents events = new(ratings);
        if (events.HeldOut.Count == 0)
        {
            throw AnnException.BadInput(
                request.Ratings, "", "none of its users has two items, so that nothing can be held out to measure with.");
        }
        if (events.Items.Count < request.K)
            throw AnnException.Invalid("--k", $"--k is {request.K}; {request.Ratings} has {events.Items.Count} items to train on.");
        return events;
    }

    private void WriteTower(string directory, byte[] model, string input, string output)
    {
        tool.Files.CreateDirectory(directory);
        Write(Path.Combine(directory, "model.onnx"), model);
        Write(Path.Combine(directory, EncoderDescription.FileName), EncoderDescriptionWriter.Write(new EncoderDescription
        {
            Kind = EncoderKind.Features,
            Model = "model.onnx",
            Normalize = false,
            Dimension = _training.Factors,
            Inputs = new EncoderInputs { Features = input },
            Output = output,
        }));
    }

    /// <summary>Writes events, and the inputs of the towers with their keys.</summary>
    private void WriteNumbers(OutputDirectory output, LastEvents events)
    {
        WriteEvents(output[Training], events.Training.Select(one => (events.Users[one.User], events.Items[one.Item], one.Time)));
        WriteEvents(output[HeldOut], events.HeldOut);
        WriteRows(output[ItemNumbers], events.Items, 1, [.. Enumerable.Range(1, events.Items.Count)]);
        int[] asked = [.. Enumerable.Range(0, events.Users.Count).Where(user => events.ByUser[user].Length > 0)];
        int columns = Math.Min(request.History, asked.Max(user => events.ByUser[user].Length));
        int[] rows = new int[checked(asked.Length * columns)];
        for (int row = 0; row < asked.Length; row++)
        {
            ReadOnlySpan<int> taken = LatestOf(events, asked[row], columns);
            for (int i = 0; i < taken.Length; i++)
                rows[(row * columns) + i] = taken[i] + 1;
        }
        WriteRows(output[Histories], [.. asked.Select(user => events.Users[user])], columns, rows);
    }

    private static ReadOnlySpan<int> LatestOf(LastEvents events, int user, int most)
    {
        ReadOnlySpan<int> taken = events.ByUser[user];
        return taken[Math.Max(0, taken.Length - most)..];
    }

    private void WriteRows(string path, IReadOnlyList<string> keys, int columns, int[] numbers)
    {
        VectorFile.WriteIbin(tool.Files, path, columns, numbers);
        bool areNumbers = keys.All(static key => ItemReader.IsNumber(key, out _));
        KeyColumn column = new(areNumbers ? KeyKind.UInt64 : KeyKind.String);
        foreach (string key in keys)
        {
            if (areNumbers)
                column.Add(ulong.Parse(key, CultureInfo.InvariantCulture));
            else
                column.Add(key);
        }
        KeySidecarHeader header = new()
        {
            KeyType = EnumNames<KeyKind>.Plain.Of(column.Kind),
            Rows = keys.Count,
            Dimension = columns,
        };
        KeySidecar.Write(tool.Files, KeySidecar.PathOf(path), header, column);
    }

    private void Encode(OutputDirectory output, string tower, string input, string vectors) => EncodeFeatures.Run(
        tool,
        new EncodeRequest { Input = output[input], Output = output[vectors], Encoder = output[tower], Options = Options },
        cancellation);

    /// <summary>
    /// Compares users' vectors with what the training's own equations give for the same items, and keeps some of these beside the tower
    /// for <c>ann encoder check</c>.
    /// </summary>
    /// <returns>The largest difference, over the length of the vector.</returns>
    private double CheckTower(OutputDirectory output, LastEvents events, ImplicitAls model)
    {
        UserVectors vectors = UserVectors.Read(tool, output[Users], output[Items], _training.Factors);
        Dictionary<string, int> rows = vectors.Keys.Select(static (key, row) => (key, row)).ToDictionary(StringComparer.Ordinal);
        double[] solved = new double[_training.Factors];
        double farthest = 0;
        List<GoldenRow> golden = [];
        for (int user = 0; user < events.Users.Count; user++)
        {
            if (!rows.TryGetValue(events.Users[user], out int row))
                continue;
            ReadOnlySpan<int> taken = LatestOf(events, user, request.History);
            model.FoldIn(taken, solved);
            if (golden.Count < MostGolden)
            {
                double[] history = Array.ConvertAll(taken.ToArray(), static item => item + 1.0);
                golden.Add(new GoldenRow(null, null, null, history, null, Array.ConvertAll(solved, static x => (float)x)));
            }
            (double squares, double off) = (0, 0);
            for (int i = 0; i < solved.Length; i++)
            {
                squares += solved[i] * solved[i];
                off += (solved[i] - vectors.Rows[row][i]) * (solved[i] - vectors.Rows[row][i]);
            }
            farthest = Math.Max(farthest, Math.Sqrt(off / Math.Max(squares, double.Epsilon)));
        }
        GoldenRows.Write(tool.Files, output[Path.Combine(UserTower, GoldenRows.FileName)], golden);
        return farthest;
    }

    /// <summary>As <c>ann eval --interactions</c>; files are told by the names that they are going to have.</summary>
    private InteractionReport Evaluate(OutputDirectory output, LastEvents events)
    {
        int[] widths = [.. request.Ef.Select(width => Math.Min(width, Math.Max(request.K, events.Items.Count))).Distinct()];
        InteractionReport found = InteractionEval.Run(
            tool,
            new InteractionAsk(output[Index], output[Users], output[HeldOut], request.K, widths, _training.Seed)
            {
                Seen = output[Training],
            },
            cancellation);
        return found with
        {
            Index = output.Final(Index),
            Interactions = output.Final(HeldOut),
            Seen = output.Final(Training),
        };
    }

    private void WriteEvents(string path, IEnumerable<(string User, string Item, double Time)> events)
    {
        StringBuilder text = new("user\titem\ttime\n");
        foreach ((string user, string item, double time) in events)
            text.Append(CultureInfo.InvariantCulture, $"{user}\t{item}\t{time}\n");
        WriteText(path, text.ToString());
    }

    private void WriteText(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    private void Write(string path, byte[] content)
    {
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(content);
        file.Commit();
    }
}
