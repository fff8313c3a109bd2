using System.Globalization;
using System.Text.Json;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Filters;
using Ann.Server.Telemetry;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Ann.Server.Web;

/// <summary>
/// What the console shows of slow queries. They hold what others asked, so each is shown to those alone who have the role admin on its
/// index; one that names no index, to those who have it on all.
/// </summary>
internal sealed class ConsoleSlowQueries(RecentSlowQueries recent, IOptions<ServerOptions> options)
{
    /// <summary>Name of the part of a path that is the number of one.</summary>
    public const string NumberPart = "number";

    /// <summary>The latest of those that the caller may see.</summary>
    public SlowQueriesReport Latest(HttpContext http)
    {
        ServerOptions told = options.Value;
        bool isOn = told.SlowQueryFile.Length > 0;
        AccessIdentity? caller = AccessIdentity.Of(http);
        return new SlowQueriesReport(
            isOn, isOn ? told.SlowQueryMs : null, isOn ? Path.GetFileName(told.SlowQueryFile) : null, RecentSlowQueries.Most,
            [
                .. recent.Latest().Where(one => MaySee(caller, one.Query))
                    .Select(static one => new SlowQueryRow(one.Number, one.Query.Request is not null, one.Query with { Request = null })),
            ]);
    }

    /// <summary>One of them, with its request as REST takes it.</summary>
    /// <exception cref="AnnException">NotFound: it is not kept, or not the caller's to see.</exception>
    public SlowQueryDetail One(HttpContext http)
    {
        string text = http.Request.RouteValues[NumberPart]?.ToString() ?? "";
        SlowQuery? query = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? recent.Find(number)
            : null;
        if (query is null || !MaySee(AccessIdentity.Of(http), query))
        {
            throw new AnnException(
                AnnError.NotFound, $"No slow query of that number is kept: of {RecentSlowQueries.Most} the oldest goes when one comes.")
            {
                Field = NumberPart,
            };
        }
        IMessage? request = query.Request is null ? null : Parse(query);
        Filter? filter = (request as SearchRequest)?.Filter;
        return new SlowQueryDetail(
            number, options.Value.SlowQueryFile.Length > 0 ? Path.GetFileName(options.Value.SlowQueryFile) : null,
            query with { Request = null }, request is null ? null : JsonDocument.Parse(JsonFormatter.Default.Format(request)).RootElement,
            filter is null ? null : FilterText.Of(filter));
    }

    private static bool MaySee(AccessIdentity? caller, SlowQuery query) => caller is null
        || (query.Index is { Length: > 0 } index
            ? caller.Grants.Allow(AccessRole.Admin, index)
            : caller.Grants.AllowAll(AccessRole.Admin));

    private static IMessage Parse(SlowQuery query) =>
        Retrieval.Descriptor.FindMethodByName(query.Method.Split('/')[^1]).InputType.Parser.ParseFrom(query.Request);
}
