using System.Globalization;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Tool.Reports;
using GenerationRole = Ann.Protocol.V1.GenerationRole;
using IndexState = Ann.Protocol.V1.IndexState;
using KeyKind = Ann.Core.Keys.KeyKind;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Remote;

/// <summary>What a server tells of its indexes and encoders, as reports.</summary>
internal static class HostedIndexes
{
    /// <summary>A description.</summary>
    public static HostedIndexReport Of(IndexDescription index) => new()
    {
        Index = index.Name,
        State = index.State.ToString().ToLowerInvariant(),
        Failure = NullIfEmpty(index.Failure),
        Facts = index.State == IndexState.Serving ? Facts(index) : null,
    };

    /// <summary>Encoders that a server hosts, then those that its indexes need and it does not host.</summary>
    public static IReadOnlyList<EncoderReport> Encoders(ListResponse list)
    {
        List<EncoderReport> found =
        [
            .. list.Encoders.Select(one => new EncoderReport(
                one.Name, Hex(one.Fingerprint), Hosted: true, one.Dimension, one.Provider, UsersOf(list, one.Fingerprint))),
        ];
        IEnumerable<EncoderFacts> needed = list.Indexes.SelectMany(EncodersOf)
            .Where(one => list.Encoders.All(hosted => hosted.Fingerprint != one.Fingerprint))
            .DistinctBy(static one => one.Fingerprint);
        found.AddRange(needed.Select(one => new EncoderReport(
            one.Name, Hex(one.Fingerprint), one.Hosted, null, null, UsersOf(list, one.Fingerprint))));
        return found;
    }

    /// <summary>What a generation does.</summary>
    public static string Word(GenerationRole role) =>
        role == GenerationRole.CatchingUp ? "catching_up" : role.ToString().ToLowerInvariant();

    /// <summary>A metric as options name it.</summary>
    public static string Word(Wire.Metric metric) => Word(metric, MetricTraits.Names);

    /// <summary>A kind of keys as options name it.</summary>
    public static string Word(Wire.KeyKind kind) => Word(kind, EnumNames<KeyKind>.Plain);

    /// <summary>A fingerprint or hash as files and options have it.</summary>
    public static string Hex(ulong fingerprint) => fingerprint.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The encoder that an index needs; null when unknown.</summary>
    public static IndexEncoderReport? Encoder(EncoderFacts? encoder) =>
        encoder is null ? null : new IndexEncoderReport(encoder.Name, Hex(encoder.Fingerprint), encoder.Hosted);

    /// <summary>The encoder of its queries; null when that of its rows makes them, or when it is unknown.</summary>
    public static IndexEncoderReport? QueryEncoder(EncoderFacts? items, EncoderFacts? queries) =>
        queries?.Fingerprint == items?.Fingerprint ? null : Encoder(queries);

    private static HostedIndexFacts Facts(IndexDescription index) => new()
    {
        Live = index.Live,
        Generation = index.Generation,
        Metric = Word(index.Metric),
        Dimension = index.Dimension,
        KeyType = Word(index.KeyKind),
        Items = index.Count,
        Dead = index.Dead,
        Segments = index.Segments,
        Codes = Word(index.Codes, EnumNames<CodesKind>.Plain),
        Layout = Word(index.Layout, EnumNames<SegmentLayout>.Plain),
        M = index.Build?.M ?? 0,
        EfConstruction = index.Build?.EfConstruction ?? 0,
        Encoder = Encoder(index.Encoder),
        QueryEncoder = QueryEncoder(index.Encoder, index.QueryEncoder),
        FileBytes = index.SizeInBytes,
        LoadedBytes = index.LoadedBytes,
        MappedBytes = index.MappedBytes,
        Attributes = index.Attributes.Count == 0 ? null : AttributeColumnReport.Of(RemoteAttributes.Schema(index)),
        Log = index.Log is not LogFacts log ? null : new LogReport(
            log.First, log.Durable, log.Visible, log.Bytes, NullIfEmpty(log.WriteFailure), NullIfEmpty(log.CompactionFailure)),
        Generations = index.Generations.Count == 0 ? null : [.. index.Generations.Select(Generation)],
        CertificateRecall = index.Certificate is null
            ? null
            : [.. index.Certificate.Recall.Select(static point => new CertificatePoint(point.EfSearch, point.RecallAt10))],
        LiveRecall = index.LiveRecall.Count == 0
            ? null
            : [.. index.LiveRecall.Select(static one => new LiveRecallReport(
                one.Generation, one.FilterClass, one.K, one.Recall, one.RecallLow, one.RecallHigh, one.Samples))],
    };

    private static HostedGenerationReport Generation(GenerationFacts one) => new()
    {
        Generation = one.Id,
        Role = Word(one.Role),
        Failure = NullIfEmpty(one.Failure),
        Encoder = Encoder(one.Encoder),
        QueryEncoder = QueryEncoder(one.Encoder, one.QueryEncoder),
        Items = one.Items,
        Dead = one.Dead,
        Segments = one.Segments,
        LogPosition = one.LogPosition,
        AppliedPosition = one.AppliedPosition,
        MissedKeys = one.MissedKeys,
        FileBytes = one.FileBytes,
        MemoryBytes = one.MemoryBytes,
    };

    private static string[] UsersOf(ListResponse list, ulong fingerprint) =>
    [
        .. list.Indexes.Where(index => EncodersOf(index).Any(one => one.Fingerprint == fingerprint)).Select(static index => index.Name),
    ];

    /// <summary>The encoder that answers, and those of generations beside it.</summary>
    private static IEnumerable<EncoderFacts> EncodersOf(IndexDescription index) =>
        new[] { index.Encoder, index.QueryEncoder }
            .Concat(index.Generations.SelectMany(static one => new[] { one.Encoder, one.QueryEncoder }))
            .OfType<EncoderFacts>();

    /// <summary>A value as options name it; of a newer server's the wire's own name.</summary>
    private static string Word<TCore, TWire>(TWire value, EnumNames<TCore> names)
        where TCore : struct, Enum
        where TWire : struct, Enum =>
        WireEnum<TCore, TWire>.TryRead(value, out TCore known) ? names.Of(known) : value.ToString().ToLowerInvariant();

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
