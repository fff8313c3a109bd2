using System.Text.Json;
using Ann.Server.Errors;
using Ann.Server.Telemetry;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Ann.Server.Access;

/// <summary>
/// Counts refusals, and tells them in the log and the audit log. Of those that are alike the first is told at once and the rest as one line
/// with their number: whoever is refused may come back a thousand times a second, and must neither fill the disk nor drive the acts out of
/// the record.
/// </summary>
internal sealed partial class RefusalRecord : IDisposable
{
    /// <summary>Time between two lines of refusals that are alike.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>Kinds that are told apart in one period; what comes beyond is one kind.</summary>
    public const int MostKinds = 256;

    private const string Others = "(others)";

    private readonly AuditFile _audit;
    private readonly ILogger<RefusalRecord> _log;
    private readonly ITimer _timer;
    private readonly ServerMetrics _metrics;
    private readonly Lock _counting = new();
    private readonly Dictionary<Kind, Tally> _tallies = [];

    public RefusalRecord(AuditFile audit, TimeProvider time, ServerMetrics metrics, ILogger<RefusalRecord> log)
    {
        _audit = audit;
        _log = log;
        _metrics = metrics;
        _timer = time.CreateTimer(static state => ((RefusalRecord)state!).TellRest(), this, Period, Period);
    }

    /// <summary>A call is refused.</summary>
    /// <param name="http">The call.</param>
    /// <param name="caller">Who; empty for somebody without a good credential.</param>
    /// <param name="index">That it names; empty for none.</param>
    /// <param name="code">How it ends.</param>
    /// <param name="reason">Why, without a secret.</param>
    public void Add(HttpContext http, string caller, string index, StatusCode code, string reason)
    {
        _metrics.Refused(NameOf(code));
        reason = CutText.Of(reason);
        string call = NameOf(http.GetEndpoint());
        Kind kind = new(caller, CallerAddress.Of(http), call, CutText.Of(index), code);
        lock (_counting)
        {
            if (!_tallies.TryGetValue(kind, out Tally? tally))
            {
                if (_tallies.Count >= MostKinds)
                    kind = new Kind(Others, Others, Others, "", code);
                if (!_tallies.TryGetValue(kind, out tally))
                {
                    _tallies.Add(kind, new Tally(reason));
                    Tell(kind, reason, 1);
                    return;
                }
            }
            tally.Untold++;
        }
    }

    /// <summary>Tells what was counted; kinds that nothing was added to are forgotten.</summary>
    public void TellRest()
    {
        lock (_counting)
        {
            foreach ((Kind kind, Tally tally) in _tallies.ToArray())
            {
                if (tally.Untold > 0)
                    Tell(kind, tally.Reason, tally.Untold);
                else
                    _tallies.Remove(kind);
                tally.Untold = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        TellRest();
    }

    /// <summary>The name of a code as gRPC writes it.</summary>
    public static string NameOf(StatusCode code) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(code.ToString());

    /// <summary>A path may be anything that a stranger thinks of, so it is named by the method or the pattern that it leads to.</summary>
    private static string NameOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName
        ?? (endpoint as RouteEndpoint)?.RoutePattern.RawText
        ?? Others;

    private void Tell(Kind kind, string reason, long count)
    {
        Refused(kind.Call, kind.Caller.Length > 0 ? kind.Caller : "somebody", kind.From, NameOf(kind.Code), count, reason);
        _audit.Write(new AuditLine
        {
            Kind = "refusal",
            Caller = kind.Caller.Length > 0 ? kind.Caller : null,
            From = kind.From,
            Call = kind.Call,
            Index = kind.Index.Length > 0 ? kind.Index : null,
            Code = NameOf(kind.Code),
            Reason = reason,
            Count = count,
        }, isAct: false);
    }

    [LoggerMessage(EventId = 95, Level = LogLevel.Warning,
        Message = "{Call} was refused to {Caller} from {From}, {Code}, {Count} times: {Reason}")]
    private partial void Refused(string call, string caller, string from, string code, long count, string reason);

    /// <summary>Refusals that are alike.</summary>
    private readonly record struct Kind(string Caller, string From, string Call, string Index, StatusCode Code);

    private sealed class Tally(string reason)
    {
        /// <summary>Of the first.</summary>
        public string Reason => reason;

        public long Untold { get; set; }
    }
}
