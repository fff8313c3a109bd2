using System.Collections.Concurrent;
using Ann.Core.Recall;

namespace Ann.Server.Recall;

/// <summary>
/// Live recall by kind of query: a window of samples each, and what they say of the certificate. Safe for any thread.
/// </summary>
internal sealed class LiveRecallBoard
{
    /// <summary>Samples of a kind that recall is told of.</summary>
    public const int WindowSize = 1000;

    /// <summary>Kinds at most; the one that was sampled least recently gives way.</summary>
    private const int MostKinds = 512;

    /// <summary>Share of its weight that what is known of a generation keeps for another one.</summary>
    private const double HandedOn = 0.25;

    /// <summary>Samples that it counts as there at most: as many new ones outweigh it.</summary>
    private const double MostHandedOn = 50;

    private readonly Lock _lock = new();
    private readonly Dictionary<RecallKind, Cell> _cells = [];

    /// <summary>What is known, for requests: they take no lock.</summary>
    private readonly ConcurrentDictionary<RecallKind, KnownRecall> _shown = [];

    private long _clock;

    /// <summary>Grows with each change of what is kept.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
                return _clock;
        }
    }

    /// <summary>What is known of every kind that was sampled.</summary>
    public IReadOnlyList<RecallFact> All
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _cells.Where(static cell => cell.Value.Window.Added > 0)
                        .Select(static cell => new RecallFact(cell.Key, cell.Value.Window.Interval, cell.Value.EfFactor)),
                ];
            }
        }
    }

    /// <summary>What is known of an index, in the order of its generations and kinds.</summary>
    public IReadOnlyList<RecallFact> Of(string index) =>
        [.. All.Where(fact => fact.Kind.Index == index)
            .OrderBy(static fact => fact.Kind.Generation, StringComparer.Ordinal)
            .ThenBy(static fact => fact.Kind.FilterClass, StringComparer.Ordinal)
            .ThenBy(static fact => fact.Kind.K)];

    /// <summary>
    /// What is known of such queries. A generation that none was sampled of yet has it from another one, with less weight.
    /// </summary>
    public KnownRecall KnownOf(RecallKind kind)
    {
        if (_shown.TryGetValue(kind, out KnownRecall? shown))
            return shown;
        lock (_lock)
        {
            if (_shown.Count >= 2 * MostKinds)
                _shown.Clear();
            return _shown[kind] = (_cells.TryGetValue(kind, out Cell? cell) ? cell : Inherit(kind))?.Known ?? KnownRecall.Nothing;
        }
    }

    /// <summary>Adds a measured query.</summary>
    public void Add(RecallKind kind, in MeasuredAnswer answer)
    {
        lock (_lock)
        {
            if (!_cells.TryGetValue(kind, out Cell? cell))
                cell = Inherit(kind) ?? Keep(kind, new Cell());
            cell.LastSampled = ++_clock;
            cell.Window.Add(answer.Recall);
            cell.Known = cell.Known.After(in answer);
            cell.EfFactor = answer.EfFactor ?? cell.EfFactor;
            _shown[kind] = cell.Known;
        }
    }

    /// <summary>Forgets what is known of an index, but for some of its generations. What they lack is handed on to them.</summary>
    /// <param name="index">Name of the index.</param>
    /// <param name="generations">Those that are still there.</param>
    public void Retain(string index, IReadOnlyCollection<string> generations)
    {
        lock (_lock)
        {
            RecallKind[] gone = [.. _cells.Keys.Where(kind => kind.Index == index && !generations.Contains(kind.Generation))];
            foreach (RecallKind heir in gone.SelectMany(kind => generations.Select(generation => kind with { Generation = generation })))
            {
                if (!_cells.ContainsKey(heir))
                    Inherit(heir);
            }
            foreach (RecallKind kind in gone)
                _cells.Remove(kind);
            _shown.Clear();
            _clock++;
        }
    }

    /// <summary>All that is to be kept over a restart, the least recently sampled first.</summary>
    public IReadOnlyList<KeptRecall> Keep()
    {
        lock (_lock)
        {
            return
            [
                .. _cells.OrderBy(static cell => cell.Value.LastSampled)
                    .Select(static cell => new KeptRecall(cell.Key, cell.Value.Known, cell.Value.Window.Samples, cell.Value.EfFactor)),
            ];
        }
    }

    /// <summary>Takes up what was kept. Kinds that were sampled meanwhile stay as they are.</summary>
    public void Restore(IEnumerable<KeptRecall> kept)
    {
        lock (_lock)
        {
            foreach (KeptRecall one in kept)
            {
                if (_cells.ContainsKey(one.Kind))
                    continue;
                Cell cell = Keep(one.Kind, new Cell { Known = one.Known, EfFactor = one.EfFactor, LastSampled = ++_clock });
                foreach (double recall in one.Window)
                    cell.Window.Add(recall);
            }
            _shown.Clear();
        }
    }

    private Cell Keep(RecallKind kind, Cell cell)
    {
        if (_cells.Count == MostKinds)
            _cells.Remove(_cells.MinBy(static other => other.Value.LastSampled).Key);
        return _cells[kind] = cell;
    }

    /// <summary>Begins a kind with what is known of it in the generation that was sampled last; null when none was.</summary>
    private Cell? Inherit(RecallKind kind)
    {
        Cell? last = null;
        foreach ((RecallKind other, Cell cell) in _cells)
        {
            if (other with { Generation = kind.Generation } == kind && cell.LastSampled > (last?.LastSampled ?? -1))
                last = cell;
        }
        return last is null
            ? null
            : Keep(kind, new Cell { Known = last.Known.Weaker(HandedOn, MostHandedOn), LastSampled = last.LastSampled });
    }

    private sealed class Cell
    {
        public RecallWindow Window { get; } = new(WindowSize);

        public KnownRecall Known { get; set; } = KnownRecall.Nothing;

        public double EfFactor { get; set; } = 1;

        public long LastSampled { get; set; }
    }
}

/// <summary>What is kept of a kind over a restart.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Known">What its samples say.</param>
/// <param name="Window">Recall of the last of them, the oldest first.</param>
/// <param name="EfFactor">As in <see cref="RecallFact"/>.</param>
internal sealed record KeptRecall(RecallKind Kind, KnownRecall Known, IReadOnlyList<double> Window, double EfFactor);
