using Ann.Core.Recall;

namespace Ann.Server.Recall;

/// <summary>Live recall by kind of query: a window of samples each, and the correction of recall_target. Safe for any thread.</summary>
internal sealed class LiveRecallBoard
{
    /// <summary>Samples of a kind that recall is told of.</summary>
    public const int WindowSize = 1000;

    /// <summary>Kinds at most; the one that was sampled least recently gives way.</summary>
    private const int MostKinds = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<RecallKind, Cell> _cells = [];
    private long _clock;

    /// <summary>What is known of every kind.</summary>
    public IReadOnlyList<RecallFact> All
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _cells.Select(static cell => new RecallFact(cell.Key, cell.Value.Window.Interval, cell.Value.Correction.Factor)),
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

    /// <summary>Factor on the beam width that a target gives for such queries, 1 or more.</summary>
    public double FactorOf(RecallKind kind)
    {
        lock (_lock)
            return _cells.TryGetValue(kind, out Cell? cell) ? cell.Correction.Factor : 1;
    }

    /// <summary>Adds the measured recall of one query.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="recall">0 to 1.</param>
    /// <param name="target">That it asked for; null when it named a beam width, or nothing.</param>
    public void Add(RecallKind kind, double recall, double? target)
    {
        lock (_lock)
        {
            if (!_cells.TryGetValue(kind, out Cell? cell))
            {
                if (_cells.Count == MostKinds)
                    _cells.Remove(_cells.MinBy(static other => other.Value.LastSampled).Key);
                _cells[kind] = cell = new Cell();
            }
            cell.LastSampled = ++_clock;
            cell.Window.Add(recall);
            if (target is { } wanted)
                cell.Correction = cell.Correction.After(recall, wanted);
        }
    }

    /// <summary>Forgets what is known of an index, but for some of its generations.</summary>
    /// <param name="index">Name of the index.</param>
    /// <param name="generations">Those that are still there.</param>
    public void Retain(string index, IReadOnlyCollection<string> generations)
    {
        lock (_lock)
        {
            foreach (RecallKind kind in _cells.Keys.Where(kind => kind.Index == index && !generations.Contains(kind.Generation)).ToArray())
                _cells.Remove(kind);
        }
    }

    private sealed class Cell
    {
        public RecallWindow Window { get; } = new(WindowSize);

        public EfCorrection Correction { get; set; } = EfCorrection.None;

        public long LastSampled { get; set; }
    }
}
