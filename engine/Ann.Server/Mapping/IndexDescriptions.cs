using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Server.Encoders;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What List and Describe tell of an index.</summary>
internal static class IndexDescriptions
{
    public static Wire.IndexDescription Of(HostedIndex index, EncoderCatalog encoders)
    {
        IndexStatus status = index.Status;
        Wire.IndexDescription description = new()
        {
            Name = index.Name,
            State = ToWire(status.State),
            Failure = status.State == IndexState.Failed ? index.FailureText : "",
        };
        if (status.Snapshot is not IndexSnapshot snapshot)
            return description;

        SealedSegment segment = snapshot.Segment;
        description.Generation = snapshot.Generation;
        description.Metric = ToWire(segment.Metric);
        description.LargerIsNearer = segment.Metric.LargerIsNearer();
        description.Dimension = (uint)segment.Dimension;
        description.Count = (ulong)segment.Count;
        description.KeyKind = segment.Keys.Kind == KeyKind.UInt64 ? Wire.KeyKind.Uint64 : Wire.KeyKind.String;
        description.Codes = ToWire(segment.Codes);
        description.Build = ToWire(segment.BuildRecord);
        description.Encoder = EncoderOf(snapshot, encoders);
        description.SizeInBytes = (ulong)segment.SizeInBytes;
        description.Certificate = ToWire(segment.Certificate);
        description.Layout = ToWire(segment.Layout);
        description.LoadedBytes = (ulong)segment.LoadedBytes;
        description.MappedBytes = (ulong)segment.MappedBytes;
        return description;
    }

    private static Wire.IndexState ToWire(IndexState state) => state switch
    {
        IndexState.Loading => Wire.IndexState.Loading,
        IndexState.Serving => Wire.IndexState.Serving,
        IndexState.Failed => Wire.IndexState.Failed,
        _ => Wire.IndexState.Unspecified,
    };

    private static Wire.Metric ToWire(Metric metric) => metric switch
    {
        Metric.Cosine => Wire.Metric.Cosine,
        Metric.L2 => Wire.Metric.L2,
        Metric.InnerProduct => Wire.Metric.InnerProduct,
        _ => Wire.Metric.Unspecified,
    };

    private static Wire.Codes ToWire(CodesKind codes) => codes switch
    {
        CodesKind.F32 => Wire.Codes.F32,
        CodesKind.Int8 => Wire.Codes.Int8,
        _ => Wire.Codes.Unspecified,
    };

    private static Wire.Layout ToWire(SegmentLayout layout) => layout switch
    {
        SegmentLayout.Lean => Wire.Layout.Lean,
        SegmentLayout.Fast => Wire.Layout.Fast,
        _ => Wire.Layout.Unspecified,
    };

    private static Wire.BuildFacts ToWire(BuildRecord record) => new()
    {
        M = (uint)record.M,
        EfConstruction = (uint)record.EfConstruction,
        Seed = record.Seed,
        Source = record.Source,
        EngineVersion = record.EngineVersion,
    };

    private static Wire.CertificateFacts ToWire(Certificate certificate) => new()
    {
        Reachable = (ulong)certificate.Reachable,
        Repaired = (ulong)certificate.Repaired,
        MaxLevel = (uint)certificate.MaxLevel,
        MeanDegree = certificate.MeanDegree,
        MinDegree = (uint)certificate.MinDegree,
        MinInDegree = (uint)certificate.MinInDegree,
        MaxInDegree = (uint)certificate.MaxInDegree,
        Norms = new Wire.NormFacts
        {
            Min = certificate.Norms.Min,
            Median = certificate.Norms.Median,
            P99 = certificate.Norms.P99,
            Max = certificate.Norms.Max,
        },
        Recall =
        {
            certificate.EfRecall.Select(static point => new Wire.RecallFact { EfSearch = (uint)point.Ef, RecallAt10 = point.Recall }),
        },
    };

    private static Wire.EncoderFacts? EncoderOf(IndexSnapshot snapshot, EncoderCatalog encoders) =>
        snapshot.EncoderFingerprint is not ulong fingerprint ? null : new Wire.EncoderFacts
        {
            Name = snapshot.Segment.BuildRecord.EncoderName,
            Fingerprint = fingerprint,
            Hosted = encoders.WithFingerprint(fingerprint) is not null,
        };
}
