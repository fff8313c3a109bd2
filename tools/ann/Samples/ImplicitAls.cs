using Ann.Core.Hnsw;

namespace Ann.Tool.Samples;

/// <summary>How factors are trained.</summary>
/// <param name="Factors">Components of a vector.</param>
/// <param name="Iterations">Rounds over users and items.</param>
/// <param name="Regularization">What is added to the diagonal, above 0.</param>
/// <param name="Confidence">How much more an event weighs than none: 1 + this against 1.</param>
/// <param name="Seed">Of the items' first factors.</param>
/// <param name="Threads">They do not change the result.</param>
internal sealed record AlsSettings(int Factors, int Iterations, double Regularization, double Confidence, int Seed, int Threads);

/// <summary>
/// Implicit feedback by alternating least squares (Hu, Koren, Volinsky 2008): factors of users and items whose products are near 1 at
/// events and near 0 elsewhere, where every pair counts. A half-round solves each row by itself, in double precision, so that neither
/// threads nor their order change a bit.
/// </summary>
internal sealed class ImplicitAls
{
    private readonly AlsSettings _settings;

    private ImplicitAls(AlsSettings settings, double[] items)
    {
        _settings = settings;
        Items = items;
        Gram = GramOf(items);
    }

    /// <summary>Factors of the items, one after another.</summary>
    public double[] Items { get; private set; }

    /// <summary>What the equations of all users share: products of the items' factors, the regularization on the diagonal.</summary>
    public double[] Gram { get; private set; }

    /// <summary>Trains factors.</summary>
    /// <param name="tool">Where progress is told.</param>
    /// <param name="byUser">The items of each user.</param>
    /// <param name="items">Items that there are.</param>
    /// <param name="settings">How.</param>
    /// <param name="cancellation">Looked at between pieces.</param>
    public static ImplicitAls Train(
        ToolContext tool, SparseRows byUser, int items, AlsSettings settings, CancellationToken cancellation)
    {
        List<(int Item, int User)> pairs = [];
        for (int user = 0; user < byUser.Count; user++)
            foreach (int item in byUser[user])
                pairs.Add((item, user));
        SparseRows byItem = SparseRows.Of(items, pairs, static pair => pair);
        Random random = new(settings.Seed);
        double scale = 1 / Math.Sqrt(settings.Factors);
        double[] first = new double[items * settings.Factors];
        for (int i = 0; i < first.Length; i++)
            first[i] = (random.NextDouble() - 0.5) * scale;
        ImplicitAls model = new(settings, first);
        using ProgressMeter progress = new(tool, "train", "rows", (long)settings.Iterations * (byUser.Count + items));
        long before = 0;
        for (int round = 0; round < settings.Iterations; round++)
        {
            double[] users = model.Solve(byUser, model.Items, model.Gram, Report, cancellation);
            before += byUser.Count;
            model.Items = model.Solve(byItem, users, model.GramOf(users), Report, cancellation);
            before += items;
            model.Gram = model.GramOf(model.Items);
        }
        return model;

        void Report(int done) => progress.Report(before + done);
    }

    /// <summary>Factors of a user by the items that he took: what a tower gives.</summary>
    /// <param name="taken">Numbers of the items.</param>
    /// <param name="into">Receives the factors.</param>
    public void FoldIn(ReadOnlySpan<int> taken, Span<double> into) =>
        new NormalEquations(_settings.Factors).Solve(Gram, Items, taken, _settings.Confidence, into);

    private double[] Solve(
        SparseRows lists, double[] others, double[] gram, Action<int> report, CancellationToken cancellation)
    {
        int factors = _settings.Factors;
        double[] solved = new double[lists.Count * factors];
        NormalEquations?[] scratch = new NormalEquations?[_settings.Threads];
        int done = 0;
        ParallelBuild.For(lists.Count, _settings.Threads, 64, (worker, from, to) =>
        {
            NormalEquations equations = scratch[worker] ??= new NormalEquations(factors);
            for (int row = from; row < to; row++)
                equations.Solve(gram, others, lists[row], _settings.Confidence, solved.AsSpan(row * factors, factors));
            report(Interlocked.Add(ref done, to - from));
        }, cancellation);
        return solved;
    }

    private double[] GramOf(double[] rows)
    {
        int factors = _settings.Factors;
        double[] gram = new double[factors * factors];
        for (int row = 0; row < rows.Length; row += factors)
            NormalEquations.AddSquare(gram, rows.AsSpan(row, factors), 1);
        for (int i = 0; i < factors; i++)
        {
            gram[(i * factors) + i] += _settings.Regularization;
            for (int j = 0; j < i; j++)
                gram[(i * factors) + j] = gram[(j * factors) + i];
        }
        return gram;
    }
}
