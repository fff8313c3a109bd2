using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Tests.Server.Soak;

/// <summary>What was done, by kind, how it ended, and what was wrong.</summary>
internal sealed class SoakTally
{
    private const int MostFaults = 20;

    private readonly ConcurrentDictionary<(string Kind, StatusCode Status, bool IsMeant), long> _ends = new();
    private readonly ConcurrentDictionary<Completeness, long> _completeness = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private long _operations;
    private long _checked;

    /// <summary>Calls that have ended.</summary>
    public long Operations => Interlocked.Read(ref _operations);

    public IEnumerable<string> Faults => _faults;

    /// <summary>Makes a call that must succeed.</summary>
    /// <returns>Null when it did not, which is told as a fault.</returns>
    public Task<T?> RunAsync<T>(string kind, Func<Task<T>> call) where T : class => RunAsync(kind, call, StatusCode.OK);

    /// <summary>Makes a call that must end in one of these ways.</summary>
    /// <returns>Null when it did not succeed.</returns>
    public async Task<T?> RunAsync<T>(string kind, Func<Task<T>> call, params StatusCode[] meant) where T : class
    {
        StatusCode status = StatusCode.OK;
        string detail = "";
        T? answer = null;
        try
        {
            answer = await call();
        }
        catch (RpcException e)
        {
            (status, detail) = (e.StatusCode, e.Status.Detail);
        }
        bool isMeant = meant.Contains(status);
        _ends.AddOrUpdate((kind, status, isMeant), 1, static (_, count) => count + 1);
        Interlocked.Increment(ref _operations);
        if (!isMeant)
            Fault($"{kind}: ended with {status} instead of {string.Join(" or ", meant)}: {detail}");
        return answer;
    }

    /// <summary>Counts an answer by what it is.</summary>
    public void Note(Completeness completeness) => _completeness.AddOrUpdate(completeness, 1, static (_, count) => count + 1);

    /// <summary>Holds a condition; a false one is a fault.</summary>
    public void Require(bool condition, string kind, Func<string> what)
    {
        Interlocked.Increment(ref _checked);
        if (!condition)
            Fault($"{kind}: {what()}");
    }

    /// <summary>Tells of something wrong. The first few are kept.</summary>
    public void Fault(string what)
    {
        if (_faults.Count < MostFaults)
            _faults.Enqueue(what);
    }

    /// <summary>A line a kind and an end.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (((string kind, StatusCode status, bool isMeant), long count) in
            _ends.OrderBy(static one => one.Key.Kind, StringComparer.Ordinal).ThenBy(static one => one.Key.Status))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {kind,-36} {status,-18} {(isMeant ? "meant" : "WRONG"),-6} {count,10:N0}");
        foreach ((Completeness completeness, long count) in _completeness.OrderBy(static one => one.Key))
            text.AppendLine(CultureInfo.InvariantCulture, $"  searches that were {completeness}: {count:N0}");
        text.Append(CultureInfo.InvariantCulture, $"  {Operations:N0} calls, {Interlocked.Read(ref _checked):N0} conditions held to them");
        return text.ToString();
    }
}
