using System.Collections.Concurrent;
using Ann.Server.Limits;

namespace Ann.Server.Admission;

/// <summary>Who makes calls. A known caller costs one look into a dictionary; where nobody is asked who he is, not even that.</summary>
/// <param name="nameOf">The name of who makes a call; null where nobody is asked.</param>
/// <param name="itself">The name of the server where it calls itself, which nothing limits.</param>
/// <param name="time">The clock by which callers are forgotten.</param>
internal sealed class CallerBook(Func<HttpContext, string?>? nameOf, string itself, TimeProvider time)
{
    /// <summary>Callers that are told apart: tokens may name any number of them. Beyond, those who are new are one caller.</summary>
    public const int MostCallers = 10_000;

    /// <summary>A caller that made no call for so long is forgotten when there are too many.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Caller> _callers = new(StringComparer.Ordinal);
    private readonly Caller _everybody = new(Caller.Anonymous);
    private readonly Caller _others = new("others");
    private readonly Lock _forgetting = new();
    private volatile LimitRules? _rules;
    private long _lookedAt = -(long)Forgotten.TotalMilliseconds;

    /// <summary>Callers that are remembered.</summary>
    public int Count => _callers.Count;

    /// <summary>All of them.</summary>
    public IEnumerable<Caller> All => _callers.Values.Append(_everybody).Append(_others);

    /// <summary>What holds from now on; null for nothing.</summary>
    public LimitRules? Rules
    {
        get => _rules;
        set => _rules = value;
    }

    /// <summary>Who makes a call.</summary>
    public Caller Of(HttpContext context)
    {
        Caller caller = nameOf?.Invoke(context) is { } name ? Of(name) : _everybody;
        if (_rules is { } rules && caller.Meters?.Rules != rules && caller.Name != itself)
            Measure(caller, rules);
        return caller;
    }

    /// <summary>The caller of a name.</summary>
    public Caller Of(string name)
    {
        long now = (long)(time.GetTimestamp() / (double)time.TimestampFrequency * 1000);
        if (!_callers.TryGetValue(name, out Caller? caller))
        {
            if (_callers.Count >= MostCallers)
                Forget(now);
            caller = _callers.Count >= MostCallers ? _others : _callers.GetOrAdd(name, static name => new Caller(name));
        }
        caller.SeenAt = now;
        return caller;
    }

    /// <summary>Makes the meters of a caller, once.</summary>
    private void Measure(Caller caller, LimitRules rules)
    {
        lock (_forgetting)
        {
            if (caller.Meters?.Rules != rules)
                caller.Meters = rules.Of(caller.Name);
        }
    }

    /// <summary>Looks for those who may be forgotten, once a second at most: there may be many, and a stranger to each look.</summary>
    private void Forget(long now)
    {
        lock (_forgetting)
        {
            if (now - _lookedAt < 1000)
                return;
            _lookedAt = now;
            foreach ((string name, Caller caller) in _callers)
            {
                if (now - caller.SeenAt > Forgotten.TotalMilliseconds && caller.Meters?.IsInUse != true)
                    _callers.TryRemove(name, out _);
            }
        }
    }
}
