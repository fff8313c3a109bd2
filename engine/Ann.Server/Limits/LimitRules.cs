using System.Collections.Concurrent;
using Ann.Server.Telemetry;

namespace Ann.Server.Limits;

/// <summary>The limits that a file states, and the meters of who was held against them. Another file makes another.</summary>
internal sealed class LimitRules
{
    private readonly LimitRule[] _ofCallers;
    private readonly LimitRule[] _ofIndexes;
    private readonly LimitRule[] _ofBoth;
    private readonly LimitWorld _world;
    private readonly Func<string, LimitMeters?> _ofIndex;
    private readonly ConcurrentDictionary<string, LimitMeters?> _indexes = new(StringComparer.Ordinal);

    /// <param name="file">The limits.</param>
    /// <param name="world">What they need of the server.</param>
    public LimitRules(LimitsFile file, LimitWorld world)
    {
        _ofCallers = [.. file.Limits.Where(static rule => rule.Caller is not null && rule.Index is null)];
        _ofIndexes = [.. file.Limits.Where(static rule => rule.Caller is null && rule.Index is not null)];
        _ofBoth = [.. file.Limits.Where(static rule => rule.Caller is not null && rule.Index is not null)];
        _world = world;
        _ofIndex = index => Merge([.. _ofIndexes.Where(rule => rule.FitsIndex(index))]) is { } limits
            ? new LimitMeters(limits, $"index '{index}'", "index", world)
            : null;
    }

    /// <summary>New meters of a caller.</summary>
    /// <param name="name">As <c>key:batch</c>.</param>
    public CallerMeters Of(string name)
    {
        LimitRule[] fitting = [.. _ofCallers.Where(rule => rule.FitsCaller(name))];
        LimitRule[] onIndexes = [.. _ofBoth.Where(rule => rule.FitsCaller(name))];
        string of = $"caller '{name}'";
        return new CallerMeters(this, Merge(fitting) is { } limits ? new LimitMeters(limits, of, "caller", _world) : null)
        {
            Weight = fitting.Select(static rule => rule.Weight).FirstOrDefault(static weight => weight is not null) ?? 1,
            OnIndex = onIndexes.Length == 0
                ? null
                : index => Merge([.. onIndexes.Where(rule => rule.FitsIndex(index))]) is { } both
                    ? new LimitMeters(both, $"{of} on index '{index}'", "caller_on_index", _world)
                    : null,
        };
    }

    /// <summary>The meters of an index; null for none.</summary>
    public LimitMeters? OfIndex(string name) => _ofIndexes.Length == 0 ? null : Known(_indexes, name, _ofIndex);

    /// <summary>The meters of an index of those that are known; a name that no index has is not remembered.</summary>
    public LimitMeters? Known(ConcurrentDictionary<string, LimitMeters?> known, string name, Func<string, LimitMeters?> make) =>
        known.TryGetValue(name, out LimitMeters? meters) ? meters
        : _world.HasIndex(name) ? known.GetOrAdd(name, make)
        : null;

    /// <summary>Each limit as the first rule has it that states it; null where none states any.</summary>
    private static LimitRule? Merge(LimitRule[] rules)
    {
        if (rules.Length == 0)
            return null;
        return new LimitRule
        {
            RequestsPerSecond = First(static rule => rule.RequestsPerSecond),
            ConcurrentSearches = First(static rule => rule.ConcurrentSearches),
            RowsPerRequest = First(static rule => rule.RowsPerRequest),
            K = First(static rule => rule.K),
            Ef = First(static rule => rule.Ef),
            BytesPerSecond = First(static rule => rule.BytesPerSecond),
            WriteRowsPerSecond = First(static rule => rule.WriteRowsPerSecond),
        };

        T? First<T>(Func<LimitRule, T?> limit)
            where T : struct => rules.Select(limit).FirstOrDefault(static one => one is not null);
    }
}

/// <summary>What is taken of the limits of one caller.</summary>
/// <param name="rules">Whose limits they are.</param>
/// <param name="own">Over all indexes; null for none.</param>
internal sealed class CallerMeters(LimitRules rules, LimitMeters? own)
{
    private readonly ConcurrentDictionary<string, LimitMeters?> _onIndexes = new(StringComparer.Ordinal);

    /// <summary>Whose limits they are: those of a file that has changed since count no more.</summary>
    public LimitRules Rules => rules;

    /// <summary>Over all indexes; null for none.</summary>
    public LimitMeters? Own => own;

    /// <summary>Its share of the places of searches beside others.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Makes the meters of an index; null where no rule is of one.</summary>
    public Func<string, LimitMeters?>? OnIndex { get; init; }

    /// <summary>True while calls hold something of it.</summary>
    public bool IsInUse => own?.IsInUse == true || _onIndexes.Values.Any(static meters => meters?.IsInUse == true);

    /// <summary>The meters of the caller on an index; null for none.</summary>
    public LimitMeters? On(string index) => OnIndex is null ? null : rules.Known(_onIndexes, index, OnIndex);
}

/// <summary>What limits need of the server.</summary>
/// <param name="Time">The clock of the rates.</param>
/// <param name="Metrics">Counts refusals.</param>
/// <param name="HasIndex">True for the name of an index that there is.</param>
internal sealed record LimitWorld(TimeProvider Time, ServerMetrics Metrics, Func<string, bool> HasIndex);
