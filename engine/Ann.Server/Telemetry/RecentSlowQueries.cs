namespace Ann.Server.Telemetry;

/// <summary>
/// The latest slow queries, for the console. Filled by the thread that writes them, so that no call waits for it; bounded in number and in
/// bytes. Empty where no file is set for them, and after a start.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RecentSlowQueries(TimeProvider time)
{
    /// <summary>Queries that are kept.</summary>
    public const int Most = 200;

    /// <summary>Bytes of their requests together. The older ones of what is more lose theirs, and stay.</summary>
    public const long MostRequestBytes = 8 << 20;

    /// <summary>Characters of what a caller named that are kept: names are shorter, and only what was refused has longer ones.</summary>
    private const int MostNameChars = 256;

    private readonly Lock _gate = new();
    private readonly SlowQuery?[] _places = new SlowQuery?[Most];

    // Numbers begin at the time of the start: none of a server is one of the server before it.
    private readonly long _first = time.GetUtcNow().ToUnixTimeMilliseconds();
    private long _count;
    private long _firstWhole;
    private long _bytes;

    /// <summary>Keeps one, in the place of the oldest.</summary>
    public void Add(SlowQuery query)
    {
        lock (_gate)
        {
            if (_count >= Most)
                LoseRequest(_count - Most);
            _places[_count % Most] = query with { Keys = null, Index = Short(query.Index), RequestTag = Short(query.RequestTag) };
            _bytes += query.Request?.Length ?? 0;
            _count++;
            for (_firstWhole = Math.Max(_firstWhole, _count - Most); _bytes > MostRequestBytes; _firstWhole++)
                LoseRequest(_firstWhole);
        }
    }

    /// <summary>All of them with their numbers, the latest first.</summary>
    public NumberedSlowQuery[] Latest()
    {
        lock (_gate)
        {
            NumberedSlowQuery[] latest = new NumberedSlowQuery[Math.Min(_count, Most)];
            for (int i = 0; i < latest.Length; i++)
                latest[i] = new NumberedSlowQuery(_first + _count - 1 - i, _places[(_count - 1 - i) % Most]!);
            return latest;
        }
    }

    /// <summary>The one with a number; null where it is not kept, or not kept any more.</summary>
    public SlowQuery? Find(long number)
    {
        lock (_gate)
        {
            long place = number - _first;
            return place >= Math.Max(0, _count - Most) && place < _count ? _places[place % Most] : null;
        }
    }

    private void LoseRequest(long place)
    {
        ref SlowQuery? query = ref _places[place % Most];
        _bytes -= query!.Request?.Length ?? 0;
        query = query with { Request = null };
    }

    private static string? Short(string? name) => name?.Length > MostNameChars ? name[..MostNameChars] : name;
}

/// <summary>A slow query that is kept.</summary>
/// <param name="Number">Its own, ascending.</param>
/// <param name="Query">Without the keys of its answer.</param>
internal readonly record struct NumberedSlowQuery(long Number, SlowQuery Query);
