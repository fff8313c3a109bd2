using System.Collections.Concurrent;

namespace Ann.Server.Admission;

/// <summary>
/// The bodies that are waited for, looked through once a second. Each call joins and leaves it, so that costs a compare-and-swap: a body
/// takes the first free place after one that its thread points at, and only where a stretch is full, a dictionary.
/// </summary>
internal sealed class WatchList
{
    private const int Places = 1024;

    /// <summary>Places looked at before the dictionary is taken; a cache line of them.</summary>
    private const int Stretch = 8;

    private readonly RequestBody?[] _places = new RequestBody?[Places];
    private readonly ConcurrentDictionary<RequestBody, bool> _others = new();

    /// <summary>Adds a body that is not there.</summary>
    /// <returns>Its place, for <see cref="Remove"/>; −1 in the dictionary.</returns>
    public int Add(RequestBody body)
    {
        int first = Environment.CurrentManagedThreadId * Stretch % Places;
        for (int place = first; place < first + Stretch; place++)
        {
            if (_places[place] is null && Interlocked.CompareExchange(ref _places[place], body, null) is null)
                return place;
        }
        _others.TryAdd(body, true);
        return -1;
    }

    /// <summary>Removes one.</summary>
    public void Remove(RequestBody body, int place)
    {
        if (place >= 0)
            Volatile.Write(ref _places[place], null);
        else
            _others.TryRemove(body, out _);
    }

    /// <summary>Those that were there all the while, and perhaps others.</summary>
    public IEnumerable<RequestBody> All()
    {
        for (int place = 0; place < Places; place++)
        {
            if (Volatile.Read(ref _places[place]) is { } body)
                yield return body;
        }
        foreach (RequestBody body in _others.Keys)
            yield return body;
    }
}
