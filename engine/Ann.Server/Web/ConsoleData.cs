using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Server.Access;
using Ann.Server.Filters;
using Google.Protobuf;

namespace Ann.Server.Web;

/// <summary>
/// What the console shows that no call tells: the board, segments with their certificates, names of sets, slow queries; and filters as
/// people write them, made what calls take. All of it only looks.
/// </summary>
internal sealed class ConsoleData(IndexCatalog catalog, FiguresBoard board, FiguresSources sources, ConsoleSlowQueries slow)
{
    /// <summary>Below it lies all of this.</summary>
    public const string Path = "/console/data";

    private const string IndexQuery = "index";
    private const int MostSets = 200;

    /// <summary>Maps all of it, as one group that a policy can be put on. Those of an index have it in the query <c>index</c>.</summary>
    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder group = endpoints.MapGroup(Path);
        group.MapGet("figures", (RequestDelegate)(http => AnswerAsync(http, Figures, ConsoleJson.Default.FiguresReport)))
            .RequireAccess(AccessPolicies.Metrics); // of all indexes
        group.MapGet("segments", (RequestDelegate)(http => AnswerAsync(http, Segments, ConsoleJson.Default.SegmentsReport)));
        group.MapGet("sets", (RequestDelegate)(http => AnswerAsync(http, Sets, ConsoleJson.Default.SetsReport)));
        group.MapGet("filter", (RequestDelegate)AnswerFilterAsync);
        group.MapGet("slow", (RequestDelegate)(http => AnswerAsync(http, slow.Latest, ConsoleJson.Default.SlowQueriesReport)))
            .RequireAccess(AccessPolicies.Admin); // of the index of each
        group.MapGet($"slow/{{{ConsoleSlowQueries.NumberPart}}}", (RequestDelegate)(http =>
            AnswerAsync(http, slow.One, ConsoleJson.Default.SlowQueryDetail))).RequireAccess(AccessPolicies.Admin);
        return group;
    }

    private static async Task AnswerAsync<T>(HttpContext http, Func<HttpContext, T> answer, JsonTypeInfo<T> type)
    {
        T report;
        try
        {
            report = answer(http);
        }
        catch (AnnException e)
        {
            await RestErrors.WriteAsync(http, e);
            return;
        }
        await http.Response.WriteAsJsonAsync(report, type, cancellationToken: http.RequestAborted);
    }

    private FiguresReport Figures(HttpContext http)
    {
        string after = Asked(http, "after");
        long unixMs = after.Length == 0 ? 0 : ReadTime(after);
        return new FiguresReport(
            sources.Opening.Budget.Limit, sources.Requests.Budget.Limit, sources.Limits.Replies.Limit, board.After(unixMs));
    }

    private SegmentsReport Segments(HttpContext http)
    {
        using SnapshotLease lease = catalog.Acquire(IndexOf(http));
        IndexSnapshot snapshot = lease.Snapshot;
        return new SegmentsReport(snapshot.Name, snapshot.Generation, [.. snapshot.Segments.Select(Describe)]);
    }

    private static SegmentReport Describe(LiveSegment segment)
    {
        SealedSegment? file = (segment as LiveSealedSegment)?.Sealed;
        return new SegmentReport(
            file is not null, segment.Count, segment.DeadCount, segment.MemoryBytes, file?.Codes.ToString(), file?.Layout.ToString(),
            file?.Certificate);
    }

    private SetsReport Sets(HttpContext http)
    {
        ItemSets sets = catalog.Find(IndexOf(http)).RequireSets();
        string prefix = Asked(http, "prefix");
        SetKeys[] all = [.. sets.All];
        return new SetsReport(all.Length,
        [
            .. all.Where(set => set.Name.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(static set => set.Name, StringComparer.Ordinal).Take(MostSets)
                .Select(static set => new NamedSetReport(
                    set.Name, set.Count, set.ExpiresAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(set.ExpiresAt))),
        ]);
    }

    private async Task AnswerFilterAsync(HttpContext http)
    {
        string json;
        try
        {
            json = JsonFormatter.Default.Format(ReadFilter(IndexOf(http), Asked(http, "text")));
        }
        catch (AnnException e)
        {
            await RestErrors.WriteAsync(http, e);
            return;
        }
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json, http.RequestAborted);
    }

    private Protocol.V1.Filter ReadFilter(string index, string text)
    {
        AttributeSchema schema;
        KeyKind keys;
        using (SnapshotLease lease = catalog.Acquire(index))
            (schema, keys) = (lease.Snapshot.Attributes, lease.Snapshot.KeyKind);
        return FilterParser.Parse("filter", text, schema, keys);
    }

    /// <summary>The index that is asked about. One that the caller may not read is none that there is.</summary>
    private string IndexOf(HttpContext http)
    {
        string index = Asked(http, IndexQuery);
        if (AccessIdentity.Of(http) is not { } caller || caller.Grants.Allow(AccessRole.Read, index))
            return index;
        throw AnnException.NoSuchIndex(
            index, [.. catalog.Indexes.Select(static one => one.Name).Where(name => caller.Grants.Allow(AccessRole.Read, name))]);
    }

    private static string Asked(HttpContext http, string name) => http.Request.Query[name].ToString();

    private static long ReadTime(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long unixMs)
            ? unixMs
            : throw AnnException.Invalid("after", $"after is '{text}'; it must be the time of a point, milliseconds since 1970.");
}
