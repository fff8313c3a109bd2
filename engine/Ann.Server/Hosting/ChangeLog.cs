using System.Globalization;
using System.Text;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>Writes a line to the log for each change of an index that a caller asked for: what was done, or why it was not.</summary>
/// <remarks>Of the calls of <see cref="Protocol.V1.Indexes"/>; each takes long enough that an interceptor is no matter.</remarks>
internal sealed partial class ChangeLog(IndexCatalog catalog, TimeProvider time, ILogger<ChangeLog> log) : Interceptor
{
    /// <summary>Of a promotion, at level Information.</summary>
    internal static readonly EventId PromotedEvent = new(54, nameof(Promoted));

    private const string NotMeasured = "not measured";

    private static readonly CompositeFormat PromotedText = CompositeFormat.Parse(
        "Index {0}@{1} was promoted after {2} s in place of {3}: recall@10 {4}, overlap {5}, p99 {6} ms, over {7} queries and {8} rows; "
        + "{9} keys missed, forced {10}.");

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        string generation = ServingOf(IndexOf(request)); // before the change: afterwards the index may be gone
        long start = time.GetTimestamp();
        try
        {
            TResponse response = await continuation(request, context);
            Write(request, response, generation, Since(start));
            return response;
        }
        catch (Exception e) when (e is (AnnException or OperationCanceledException) && IndexOf(request) is not null)
        {
            string error = e is AnnException refusal ? $"{refusal.Error}" : "Cancelled";
            string named = ServingGeneration.Shown(Wanted(request) ?? generation);
            Refused(ServingGeneration.Shown(IndexOf(request)!), named, context.Method, error, Since(start), e.Message);
            throw;
        }
    }

    private void Write(object request, object response, string generation, double seconds)
    {
        switch (request, response)
        {
            case (CreateRequest, CreateResponse { Index: { } made }):
                Created(made.Name, made.Generation, made.Dimension, made.Metric, made.KeyKind, seconds);
                break;
            case (DropRequest drop, _):
                Dropped(drop.Index, generation, seconds);
                break;
            case (AttachRequest attach, AttachResponse { Generation: { } made }):
                Attached(attach.Index, made.Id, attach.File, made.Items, made.LogPosition, made.MissedKeys, seconds);
                break;
            case (DetachRequest detach, _):
                Detached(detach.Index, detach.Generation, seconds);
                break;
            case (PromoteRequest promote, PromoteResponse { Promotion: { } facts }):
                Promoted(promote.Index, facts, seconds);
                break;
            case (RollbackRequest rollback, RollbackResponse { Promotion: { } facts }):
                RolledBack(rollback.Index, facts.Serving, facts.Replaced, facts.MissedKeys, seconds);
                break;
            case (CompactRequest, CompactResponse { Index: { } index }):
                Compacted(index.Name, index.Generation, index.Count, index.Segments, seconds);
                break;
            case (SnapshotRequest snapshot, SnapshotResponse made):
                SnapshotMade(snapshot.Index, generation, snapshot.Name, made.LogPosition, seconds);
                break;
            default:
                break; // List and Describe change nothing.
        }
    }

    /// <summary>The index that a request changes; null when it changes none.</summary>
    private static string? IndexOf(object request) => request is ListRequest or DescribeRequest ? null : RequestedIndex.Of(request);

    /// <summary>The generation that a request names; null when it names none.</summary>
    private static string? Wanted(object request) => request switch
    {
        DetachRequest detach => detach.Generation,
        PromoteRequest promote => promote.Generation,
        _ => null,
    };

    /// <summary>By hand: a promotion has more figures than a method should have parameters.</summary>
    private void Promoted(string index, PromotionFacts facts, double seconds)
    {
        KeyValuePair<string, object?>[] values =
        [
            new("Index", index),
            new("Generation", facts.Serving),
            new("Seconds", seconds),
            new("Replaced", facts.Replaced),
            new("Recall", facts.HasRecall ? facts.Recall : NotMeasured),
            new("Overlap", facts.HasOverlap ? facts.Overlap : NotMeasured),
            new("P99Ms", facts.HasP99Ms ? facts.P99Ms : NotMeasured),
            new("Queries", facts.Queries),
            new("SampledRows", facts.SampledRows),
            new("MissedKeys", facts.MissedKeys),
            new("Forced", facts.Forced),
        ];
        log.Log(LogLevel.Information, PromotedEvent, values, null, static (all, _) => string.Format(
            CultureInfo.InvariantCulture, PromotedText, [.. all.Select(static one => one.Value)]));
    }

    private string ServingOf(string? name) => ServingGeneration.Of(catalog, name);

    private double Since(long start) => Math.Round(time.GetElapsedTime(start).TotalSeconds, 3);

    [LoggerMessage(EventId = 50, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} was created after {Seconds} s: dimension {Dimension}, metric {Metric}, keys {KeyKind}.")]
    private partial void Created(
        string index, string generation, uint dimension, Protocol.V1.Metric metric, KeyKind keyKind, double seconds);

    [LoggerMessage(EventId = 51, Level = LogLevel.Information, Message = "Index {Index}@{Generation} was dropped after {Seconds} s.")]
    private partial void Dropped(string index, string generation, double seconds);

    [LoggerMessage(EventId = 52, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} was attached after {Seconds} s: {File}, {Items} items, log position {Position}, "
            + "{MissedKeys} keys missed.")]
    private partial void Attached(
        string index, string generation, string file, ulong items, ulong position, ulong missedKeys, double seconds);

    [LoggerMessage(EventId = 53, Level = LogLevel.Information, Message = "Index {Index}@{Generation} was detached after {Seconds} s.")]
    private partial void Detached(string index, string generation, double seconds);

    [LoggerMessage(EventId = 55, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} was rolled back to after {Seconds} s in place of {Replaced}; {MissedKeys} keys missed.")]
    private partial void RolledBack(string index, string generation, string replaced, ulong missedKeys, double seconds);

    [LoggerMessage(EventId = 56, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} was compacted after {Seconds} s: {Items} items in {Segments} segments.")]
    private partial void Compacted(string index, string generation, ulong items, uint segments, double seconds);

    [LoggerMessage(EventId = 57, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} was copied after {Seconds} s: snapshot {Snapshot}, log position {Position}.")]
    private partial void SnapshotMade(string index, string generation, string snapshot, ulong position, double seconds);

    [LoggerMessage(EventId = 58, Level = LogLevel.Warning,
        Message = "Index {Index}@{Generation}: {Method} was refused after {Seconds} s, {Error}: {Reason}")]
    private partial void Refused(string index, string generation, string method, string error, double seconds, string reason);
}
