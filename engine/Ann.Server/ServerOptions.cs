using System.ComponentModel.DataAnnotations;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Server;

/// <summary>
/// Settings of the whole process, section <c>Ann</c>: a settings file, environment variables such as <c>Ann__SearchQueueLimit</c>, options
/// of the command line, then what the host sets in code; each goes before the ones before it. Read once and checked before the port opens.
/// Each is described in <c>engine/docs/operations.md</c>.
/// </summary>
public sealed partial class ServerOptions
{
    /// <summary>
    /// Where to listen: address and port, such as <c>127.0.0.1:50051</c>, <c>[::1]:50051</c>, <c>0.0.0.0:50051</c>. Port 0 takes a
    /// free one. Default: <c>127.0.0.1:50051</c>.
    /// </summary>
    [Required]
    [Setting("--listen",
        "Address and port; port 0 takes a free one. Anything but loopback takes TLS and authentication.",
        Form = "address:port", ValueName = "HOST:PORT")]
    public string Listen { get; set; } = "127.0.0.1:50051";

    /// <summary>
    /// Unix domain socket to listen on too, for callers of the same machine: a path. HTTP/2 without TLS, with the authentication of the
    /// port. Empty for none. Default: empty.
    /// </summary>
    [Setting("--socket", "Unix domain socket to listen on too, for callers of the same machine; empty for none.", ValueName = "PATH")]
    public string SocketFile { get; set; } = "";

    /// <summary>Who may connect to the socket: its file's permissions, octal. Default: <c>660</c>, owner and group.</summary>
    [Required]
    [Setting("--socket-mode", "Who may connect to the socket: permissions of its file.", Form = "octal", ValueName = "MODE")]
    public string SocketMode { get; set; } = "660";

    /// <summary><c>.ann</c> files and releases to host. Default: none.</summary>
    [Setting("files", "Index files, and releases, to host.", ValueName = "FILE")]
    public IList<string> IndexFiles { get; } = [];

    /// <summary>
    /// Directory whose <c>.ann</c> files and live indexes (subdirectories with a manifest) are all hosted, and where live indexes are
    /// created. Empty for none. Default: empty.
    /// </summary>
    [Setting("--data", "Directory whose .ann files and live indexes are all hosted. Created when missing.")]
    public string DataDirectory { get; set; } = "";

    /// <summary>
    /// Where links and codes of the indexes lie: <see cref="SegmentResidence.ByLayout"/> leaves those of lean files mapped and loads
    /// the others. Default: <see cref="SegmentResidence.ByLayout"/>.
    /// </summary>
    [EnumDataType(typeof(SegmentResidence))]
    [Setting("--residence",
        "Where links and codes lie: layout leaves those of lean files mapped and loads the others.",
        ValueName = "layout|mapped|loaded")]
    public SegmentResidence Residence { get; set; } = SegmentResidence.ByLayout;

    /// <summary>
    /// Directories or <c>.onnx</c> files of encoders to host, of texts or of features, or names of those that come with the program.
    /// Default: none.
    /// </summary>
    [Setting("--encoder", "Directory or .onnx file of an encoder to host, or minilm or arctic-xs. May be repeated.")]
    public IList<string> EncoderDirectories { get; } = [];

    /// <summary>Host the embedded default text encoder too. Default: true.</summary>
    [Setting("--embedded-encoder", "Host the embedded text encoder too.")]
    public bool EmbeddedEncoder { get; set; } = true;

    /// <summary>
    /// Where the embedded encoder's model is kept between runs. Default: <c>annserver/encoders</c> in the user's local application data.
    /// </summary>
    [Required]
    [Setting("--encoder-cache",
        "Where the embedded encoder's model is kept between runs.",
        Default = "ANN_CACHE_DIR, else annserver/encoders in the local application data")]
    public string EncoderCacheDirectory { get; set; } = DefaultCacheDirectory();

    /// <summary>
    /// Execution providers of the encoders in order of preference, comma-separated, as in
    /// <see cref="Encoding.EncoderOptions.Providers"/>. Default: <c>auto</c>.
    /// </summary>
    [Required]
    [Setting("--providers",
        "ONNX Runtime execution providers of the encoders, in order of preference; auto takes the best of this build.", ValueName = "A,B")]
    public string EncoderProviders { get; set; } = "auto";

    /// <summary>Make a missing first provider an error instead of a logged fall-back. Default: false.</summary>
    [Setting("--require-provider", "Fail when the first provider is not there, instead of falling back.")]
    public bool RequireEncoderProvider { get; set; }

    /// <summary>Which of several devices the encoders' provider uses; the CPU ignores it. Default: 0.</summary>
    [Range(0, 1024)]
    [Setting("--device", "Which of several devices the encoders' provider uses.")]
    public int EncoderDevice { get; set; }

    /// <summary>
    /// Options of the encoders' execution providers, each <c>PROVIDER.OPTION=VALUE</c>, as in
    /// <see cref="Encoding.EncoderOptions.ProviderOptions"/>. Default: none.
    /// </summary>
    [Setting("--provider-option", "Option of a provider, as cuda.gpu_mem_limit=2000000000. May be repeated.")]
    public IList<string> EncoderProviderOptions { get; } = [];

    /// <summary>Threads of one inference. 0 leaves the choice to ONNX Runtime. Default: 0.</summary>
    [Range(0, 1024)]
    [Setting("--encoder-threads", "Threads of one inference; 0 leaves it to ONNX Runtime.", Unit = "threads")]
    public int EncoderThreads { get; set; }

    /// <summary>Largest model of an encoder with its weights, bytes; 0 takes the memory that the process may use. Default: 0.</summary>
    [Range(0, long.MaxValue)]
    [Setting("--max-model-bytes", "Largest model with its weights; 0 takes what the process may use.", Unit = SettingAttribute.Bytes)]
    public long MaxModelBytes { get; set; }

    /// <summary>Searches running at once. Default: one per logical core, and two at least; more only adds context switches.</summary>
    [Range(1, 1024)]
    [Setting("--max-concurrent-searches", "Searches running at once.", Unit = "searches", Default = "logical cores, at least 2")]
    public int MaxConcurrentSearches { get; set; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>
    /// Of these, searches that are heavy: whose request tells that they will hold their place for <see cref="HeavySearchMs"/> or longer. 0
    /// takes half of them, and one at least. Default: 0.
    /// </summary>
    [Range(0, 1024)]
    [Setting("--max-heavy-searches", "Heavy searches running at once; 0 takes half of all.", Unit = "searches")]
    public int MaxHeavySearches { get; set; }

    /// <summary>Heavy searches allowed to wait; the next one gets RESOURCE_EXHAUSTED. Default: 64.</summary>
    [Range(0, 65_536)]
    [Setting("--heavy-queue-limit", "Heavy searches that may wait.", Unit = "searches")]
    public int HeavyQueueLimit { get; set; } = 64;

    /// <summary>Time of one core from which a search counts as heavy, milliseconds, as it is estimated. Default: 20.</summary>
    [Range(0.1, 60_000.0)]
    [Setting("--heavy-search-ms", "Estimated time from which a search is heavy.", Unit = SettingAttribute.Milliseconds)]
    public double HeavySearchMs { get; set; } = 20;

    /// <summary>
    /// Longest time that a read call may take, milliseconds, whatever its deadline: it then ends with DEADLINE_EXCEEDED, or with what was
    /// found, if that is what its caller wants. Default: 10,000.
    /// </summary>
    [Range(1, 3_600_000)]
    [Setting("--max-search-ms", "Longest time of a read call.", Unit = SettingAttribute.Milliseconds)]
    public int MaxSearchMs { get; set; } = 10_000;

    /// <summary>Searches allowed to wait; the next one gets RESOURCE_EXHAUSTED. Default: 512.</summary>
    [Range(0, 65_536)]
    [Setting("--search-queue-limit", "Searches that may wait; the next one is refused.", Unit = "searches")]
    public int SearchQueueLimit { get; set; } = 512;

    /// <summary>
    /// Time before its deadline at which the search of a call with BEST_SO_FAR ends, milliseconds: what it takes to encode and send the
    /// answer. Never more than three quarters of the time that the call has. Default: 1.
    /// </summary>
    [Range(0.0, 10_000.0)]
    [Setting("--deadline-margin-ms",
        "Time before its deadline at which the search of a call with BEST_SO_FAR ends.", Unit = SettingAttribute.Milliseconds)]
    public double DeadlineMarginMs { get; set; } = 1;

    /// <summary>
    /// Search with less work when searches wait, before refusing any: the steps are in <c>operations.md</c>. Default: true.
    /// </summary>
    [Setting("--brown-out", "Search with less work when searches wait, before refusing any.")]
    public bool BrownOut { get; set; } = true;

    /// <summary>Widest beam that recall_target may ask for, nodes; k where k is larger. Bounds its latency. Default: 4,096.</summary>
    [Range(1, SearchParameters.MaxEfSearch)]
    [Setting("--max-recall-ef", "Widest beam that recall_target may ask for.", Unit = "nodes")]
    public int MaxRecallEf { get; set; } = 4096;

    /// <summary>Share of answered queries that are asked again exactly at idle time, to know recall. 0 for none. Default: 0.001.</summary>
    [Range(0.0, 1.0)]
    [Setting("--live-recall-share", "Share of answered queries that are asked again exactly at idle time; 0 for none.", Unit = "share")]
    public double LiveRecallShare { get; set; } = 0.001;

    /// <summary>
    /// Batches that encoders run at once, each on a thread of its own. Default: one per two logical cores, since an inference uses several
    /// threads itself.
    /// </summary>
    [Range(1, 1024)]
    [Setting("--max-concurrent-embeds", "Batches that encoders run at once.", Unit = "batches", Default = "half the logical cores")]
    public int MaxConcurrentEmbeds { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Calls allowed to wait for an encoder; the next one gets RESOURCE_EXHAUSTED. Default: 128.</summary>
    [Range(0, 65_536)]
    [Setting("--embed-queue-limit", "Calls that may wait for an encoder.", Unit = "calls")]
    public int EmbedQueueLimit { get; set; } = 128;

    /// <summary>
    /// Rows that each encoder keeps for those who ask the same again, of texts of up to some 450 characters. 0 for none. Default: 1024.
    /// </summary>
    [Range(0, 1_000_000)]
    [Setting("--embed-cache-rows", "Rows that each encoder keeps for those who ask the same again; 0 for none.", Unit = "rows")]
    public int EmbedCacheRows { get; set; } = 1024;

    /// <summary>Largest message of the Ingest service, in bytes; a larger one gets RESOURCE_EXHAUSTED. Default: 16 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    [Setting("--max-message-bytes", "Largest message of the Ingest service.", Unit = SettingAttribute.Bytes)]
    public int MaxMessageBytes { get; set; } = 16 << 20;

    /// <summary>Largest message of the other services, in bytes; a larger one gets RESOURCE_EXHAUSTED. Default: 4 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    [Setting("--max-query-bytes", "Largest message of the other services.", Unit = SettingAttribute.Bytes)]
    public int MaxQueryBytes { get; set; } = 4 << 20;

    /// <summary>
    /// Memory that the messages of all calls under way may take together, as they come and as they are parsed, bytes; one that would pass
    /// it gets RESOURCE_EXHAUSTED. 0 takes a sixteenth of what the machine or the container has, 64 MiB to 1 GiB. Default: 0.
    /// </summary>
    [Range(0, long.MaxValue)]
    [Setting("--request-budget-bytes", "Memory of the messages of all calls; 0 takes 1/16.", Unit = SettingAttribute.Bytes)]
    public long RequestBudgetBytes { get; set; }

    /// <summary>
    /// Memory that the replies of all calls may take together until they were read, bytes; one that would pass it gets RESOURCE_EXHAUSTED.
    /// 0 takes as much as <see cref="RequestBudgetBytes"/> does. Default: 0.
    /// </summary>
    [Range(0, long.MaxValue)]
    [Setting("--reply-budget-bytes", "Memory of the replies of all calls; 0 takes 1/16.", Unit = SettingAttribute.Bytes)]
    public long ReplyBudgetBytes { get; set; }

    /// <summary>Memory that one reply may take, bytes: about three times what goes over the wire. Default: 64 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    [Setting("--max-reply-bytes", "Memory that one reply may take.", Unit = SettingAttribute.Bytes)]
    public long MaxReplyBytes { get; set; } = 64 << 20;

    /// <summary>
    /// How long the rest of a message may be waited for, and the first message of a stream, seconds; the call then ends with UNAVAILABLE.
    /// Default: 10.
    /// </summary>
    [Range(1, 3600)]
    [Setting("--body-seconds", "How long the rest of a message may be waited for.", Unit = SettingAttribute.Seconds)]
    public int BodySeconds { get; set; } = 10;

    /// <summary>How long a stream may send nothing between two messages, seconds. Default: 300.</summary>
    [Range(1, 86_400)]
    [Setting("--idle-stream-seconds", "How long a stream may send nothing.", Unit = SettingAttribute.Seconds)]
    public int IdleStreamSeconds { get; set; } = 300;

    /// <summary>How long a caller may take to read its answer, seconds; it is then cut off. Default: 30.</summary>
    [Range(1, 3600)]
    [Setting("--reply-seconds", "How long a caller may take to read its answer.", Unit = SettingAttribute.Seconds)]
    public int ReplySeconds { get; set; } = 30;

    /// <summary>Connections open at once; the next one is closed. Default: 512.</summary>
    [Range(1, 65_536)]
    [Setting("--max-connections", "Connections open at once.", Unit = "connections")]
    public int MaxConnections { get; set; } = 512;

    /// <summary>
    /// A silent connection is asked for a sign of life after so many seconds, and closed when it gives none. Default: 30.
    /// </summary>
    [Range(1, 86_400)]
    [Setting("--keep-alive-seconds", "Silence after which a connection must give a sign of life.", Unit = SettingAttribute.Seconds)]
    public int KeepAliveSeconds { get; set; } = 30;

    /// <summary>Live indexes at most; Create refuses more. Each has its threads and files. Default: 256.</summary>
    [Range(1, 65_536)]
    [Setting("--max-indexes", "Live indexes at most.", Unit = "indexes")]
    public int MaxIndexes { get; set; } = 256;

    /// <summary>Query rows of one Search, and of all searches of one SearchMany; keys of one Fetch. Default: 1024.</summary>
    [Range(1, 65_536)]
    [Setting("--max-rows-per-request", "Query rows of one Search or SearchMany; keys of one Fetch.", Unit = "rows")]
    public int MaxRowsPerRequest { get; set; } = 1024;

    /// <summary>Rows × k of one Search: bounds the reply, at 12 bytes a result with numeric keys. Default: 1,000,000.</summary>
    [Range(SearchParameters.MaxK, 100_000_000)]
    [Setting("--max-results-per-request", "Rows × k of one Search or SearchMany.", Unit = "results")]
    public int MaxResultsPerRequest { get; set; } = 1_000_000;

    /// <summary>Texts of one Embed. Default: 1024.</summary>
    [Range(1, 65_536)]
    [Setting("--max-texts-per-request", "Texts of one Embed.", Unit = "texts")]
    public int MaxTextsPerRequest { get; set; } = 1024;

    /// <summary>
    /// Searches run against each index before it serves, so that the first caller meets compiled code and mapped pages. Default: 64.
    /// </summary>
    [Range(0, 100_000)]
    [Setting("--warm-up-searches", "Searches run against each index before it serves.", Unit = "searches")]
    public int WarmUpSearches { get; set; } = 64;

    /// <summary>
    /// Calls that the server makes to its own port before its first index serves, so that the first caller meets compiled code all the way;
    /// a sixteenth of them before each later index. They end after 5 s in any case. Default: 2,000.
    /// </summary>
    [Range(0, 100_000)]
    [Setting("--warm-up-calls", "Calls to itself before the first index serves.", Unit = "calls")]
    public int WarmUpCalls { get; set; } = 2_000;

    /// <summary>
    /// Memory that all indexes may hold together, bytes, mapped files not counted. What would pass it is refused. 0 takes three quarters of
    /// what the machine or the container has. Default: 0.
    /// </summary>
    [Range(0, long.MaxValue)]
    [Setting("--memory-budget-bytes",
        "Memory that all indexes may hold together, mapped files not counted; 0 takes three quarters of what there is.",
        Unit = SettingAttribute.Bytes)]
    public long MemoryBudgetBytes { get; set; }

    /// <summary>Longest time that a write waits for others to share its fsync, milliseconds. 0: no sharing. Default: 2.</summary>
    [Range(0, 1000)]
    [Setting("--commit-window-ms", "Longest time that a write waits for others to share its fsync.", Unit = SettingAttribute.Milliseconds)]
    public int CommitWindowMs { get; set; } = 2;

    /// <summary>Rows of the head of a live index at most; a full one is sealed in the background. Default: 65,536.</summary>
    [Range(256, 16_777_216)]
    [Setting("--head-rows", "Rows of the head of a live index at most.", Unit = "rows")]
    public int HeadRows { get; set; } = 65_536;

    /// <summary>Share of the machine's cores that sealing and compacting may take, 0.05 to 1. Default: 0.5.</summary>
    [Range(0.05, 1)]
    [Setting("--background-share", "Share of the cores that sealing and compacting may take.", Unit = "share")]
    public double BackgroundShare { get; set; } = 0.5;

    /// <summary>Bytes of log that each live index keeps for generations to come, beyond what recovery needs. Default: 1 GiB.</summary>
    [Range(0, long.MaxValue)]
    [Setting("--log-retention-bytes", "Log that each live index keeps for generations to come.", Unit = SettingAttribute.Bytes)]
    public long LogRetentionBytes { get; set; } = 1 << 30;

    /// <summary>
    /// Directory whose <c>.ann</c> files and releases may be attached to live indexes. Empty takes <see cref="DataDirectory"/>. Default:
    /// empty.
    /// </summary>
    [Setting("--imports", "Directory whose .ann files and releases may be attached to live indexes.", Default = "the data directory")]
    public string ImportDirectory { get; set; } = "";

    /// <summary>
    /// Directory that snapshots are copied to; not the data directory, whose subdirectories are hosted. Empty refuses snapshots. Default:
    /// empty.
    /// </summary>
    [Setting("--snapshots", "Directory that snapshots of live indexes are copied to. Without it they are refused.")]
    public string SnapshotDirectory { get; set; } = "";

    /// <summary>Bytes of blocks that one Write stream may have under way: sent, and not yet visible. Default: 4 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    [Setting("--write-credit-bytes", "Bytes of blocks that one Write stream may have under way.", Unit = SettingAttribute.Bytes)]
    public int WriteCreditBytes { get; set; } = 4 << 20;

    /// <summary>Write streams open at once; the next one gets RESOURCE_EXHAUSTED. Default: 32.</summary>
    [Range(1, 1024)]
    [Setting("--max-write-streams", "Write streams open at once.", Unit = "streams")]
    public int MaxWriteStreams { get; set; } = 32;

    /// <summary>Upsert and Delete calls under way at once. Default: 64.</summary>
    [Range(1, 1024)]
    [Setting("--max-concurrent-writes", "Upsert and Delete calls under way at once.", Unit = "calls")]
    public int MaxConcurrentWrites { get; set; } = 64;

    /// <summary>Upsert and Delete calls allowed to wait; the next one gets RESOURCE_EXHAUSTED. Default: 256.</summary>
    [Range(0, 65_536)]
    [Setting("--write-queue-limit", "Upsert and Delete calls that may wait.", Unit = "calls")]
    public int WriteQueueLimit { get; set; } = 256;

    /// <summary>
    /// Keys that one search may exclude by naming them; bitmaps and item sets are not counted. Default: 100,000.
    /// </summary>
    [Range(0, Core.Exclusions.Exclusion.MaxKeys)]
    [Setting("--max-excluded-keys", "Keys that one search may exclude by naming them.", Unit = "keys")]
    public int MaxExcludedKeys { get; set; } = Core.Exclusions.Exclusion.MaxKeys;

    /// <summary>Memory that the item sets of all indexes may take together, bytes. Default: 1 GiB.</summary>
    [Range(0, long.MaxValue)]
    [Setting("--set-bytes", "Memory that the item sets of all indexes may take together.", Unit = SettingAttribute.Bytes)]
    public long SetBytes { get; set; } = 1L << 30;

    /// <summary>How long calls under way may take to end when the server stops, in seconds; later they are cut. Default: 10.</summary>
    [Range(0, 600)]
    [Setting("--drain-seconds", "How long calls under way may take to end when the server stops.", Unit = SettingAttribute.Seconds)]
    public int DrainSeconds { get; set; } = 10;

    /// <summary>Bytes of <see cref="RequestBudgetBytes"/>.</summary>
    internal long RequestBudget() => RequestBudgetBytes > 0
        ? RequestBudgetBytes
        : Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 16, 64 << 20, 1 << 30);

    /// <summary>Bytes of <see cref="ReplyBudgetBytes"/>.</summary>
    internal long ReplyBudget() => ReplyBudgetBytes > 0 ? ReplyBudgetBytes : RequestBudget();

    /// <summary>Places of <see cref="MaxHeavySearches"/>.</summary>
    internal int HeavySearches() => MaxHeavySearches > 0 ? MaxHeavySearches : Math.Max(1, MaxConcurrentSearches / 2);

    private static string DefaultCacheDirectory()
    {
        string data = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "annserver", "encoders");
    }
}
