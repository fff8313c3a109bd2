namespace Ann.Server.Telemetry;

/// <summary>
/// Names of attributes of metrics and spans: those of OpenTelemetry's semantic conventions (<c>rpc.*</c> and <c>db.*</c>) where there is
/// one, else our own below <c>ann.</c>
/// </summary>
internal static class TagNames
{
    /// <summary>Always <c>grpc</c>.</summary>
    public const string RpcSystem = "rpc.system.name";

    /// <summary>Service and method, as <c>ann.v1.Retrieval/Search</c>; <c>_OTHER</c> for what the protocol does not have.</summary>
    public const string RpcMethod = "rpc.method";

    /// <summary>gRPC's name of the status, as <c>OK</c>.</summary>
    public const string RpcStatus = "rpc.response.status_code";

    /// <summary>What went wrong in a span: the status again.</summary>
    public const string ErrorType = "error.type";

    /// <summary>Always <see cref="DbSystemValue"/>.</summary>
    public const string DbSystem = "db.system.name";

    /// <summary>The name of this system.</summary>
    public const string DbSystemValue = "annserver";

    /// <summary>An index.</summary>
    public const string Index = "db.collection.name";

    /// <summary>A generation of it, as <see cref="GenerationLabels"/> tells it.</summary>
    public const string Generation = "ann.generation";

    /// <summary>What a generation does: serving, standby, catching_up, damaged.</summary>
    public const string Role = "ann.generation.role";

    /// <summary>How a search was done: walk, filtered_walk, two_hop_walk, scan; none where there was nothing to search.</summary>
    public const string Plan = "ann.plan";

    /// <summary>What became of an answer: complete, truncated_deadline, degraded_overload, limited_work.</summary>
    public const string Completeness = "ann.completeness";

    /// <summary>Share of the items that queries of a kind may return: none, all, 10%, 1%, less.</summary>
    public const string FilterClass = "ann.filter_class";

    /// <summary>Upper end of the class of k: 10, 100, 1000, 10000.</summary>
    public const string K = "ann.k";

    /// <summary>A queue: search, heavy_search, write.</summary>
    public const string Queue = "ann.queue";

    /// <summary>What memory is for: indexes, sets, requests, replies.</summary>
    public const string Component = "ann.component";

    /// <summary>What refused a call: the name of a limit, or a queue that was full.</summary>
    public const string Limit = "ann.limit";

    /// <summary>Whose limit it is: caller, index, caller_on_index, server.</summary>
    public const string LimitScope = "ann.limit.scope";

    /// <summary>Name of an encoder.</summary>
    public const string Encoder = "ann.encoder";

    /// <summary>The execution provider that it runs on.</summary>
    public const string Provider = "ann.encoder.provider";

    /// <summary>The caller's own mark of a request.</summary>
    public const string RequestTag = "ann.request_tag";
}
