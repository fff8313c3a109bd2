using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Server.Encoders;
using Ann.Server.Recall;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What List and Describe tell of an index.</summary>
internal static class IndexDescriptions
{
    public static Wire.IndexDescription Of(HostedIndex index, EncoderCatalog encoders, LiveRecallBoard recall)
    {
        IndexStatus status = index.Status;
        Wire.IndexDescription description = new()
        {
            Name = index.Name,
            State = WireEnum<IndexState, Wire.IndexState>.ToWire(status.State),
            Failure = status.State == IndexState.Failed ? index.FailureText : "",
        };
        if (status.Live is LiveIndex live)
            Fill(description, live, encoders);
        else if (status.Snapshot is IndexSnapshot { Segments: [LiveSealedSegment { Sealed: SealedSegment file }] } snapshot)
            Fill(description, snapshot, file, encoders);
        description.LiveRecall.Add(recall.Of(index.Name).Where(fact => IsThere(fact.Kind.Generation, description)).Select(ToWire));
        return description;
    }

    /// <summary>What is told of a hosted encoder.</summary>
    public static Wire.HostedEncoder ToWire(EncoderInfo encoder) => new()
    {
        Name = encoder.Name,
        Fingerprint = encoder.Fingerprint,
        Dimension = (uint)encoder.Dimension,
        Provider = encoder.Provider,
    };

    /// <summary>What is told of one generation of a live index.</summary>
    public static Wire.GenerationFacts ToWire(GenerationStatus generation, EncoderCatalog encoders) => new()
    {
        Id = generation.Id,
        Role = WireEnum<GenerationRole, Wire.GenerationRole>.ToWire(generation.Role),
        Encoder = EncoderOf(generation.Encoders.Items, generation.RunningEncoder, encoders),
        QueryEncoder = EncoderOf(generation.Encoders.Queries, generation.RunningEncoder, encoders),
        Items = (ulong)generation.Items,
        Dead = (ulong)generation.Dead,
        Segments = (uint)generation.Segments,
        LogPosition = (ulong)generation.LogPosition,
        AppliedPosition = (ulong)generation.AppliedPosition,
        MissedKeys = (ulong)generation.MissedKeys,
        FileBytes = (ulong)generation.FileBytes,
        MemoryBytes = (ulong)generation.MemoryBytes,
        Failure = generation.Failure ?? "",
    };

    /// <summary>A sample may be measured when its generation is gone already.</summary>
    private static bool IsThere(string generation, Wire.IndexDescription index) =>
        index.Generation == generation || index.Generations.Any(one => one.Id == generation);

    private static Wire.LiveRecallFact ToWire(RecallFact fact) => new()
    {
        Generation = fact.Kind.Generation,
        FilterClass = fact.Kind.FilterClass,
        K = (uint)fact.Kind.K,
        Recall = fact.Interval.Recall,
        Samples = (uint)fact.Interval.Samples,
        RecallLow = fact.Interval.Low,
        RecallHigh = fact.Interval.High,
        EfFactor = fact.EfFactor,
    };

    /// <summary>The file's own facts. It does not change while it is described: only the end of the server closes it.</summary>
    private static void Fill(Wire.IndexDescription description, IndexSnapshot snapshot, SealedSegment file, EncoderCatalog encoders)
    {
        description.Generation = snapshot.Generation;
        description.Metric = WireEnum<Metric, Wire.Metric>.ToWire(file.Metric);
        description.LargerIsNearer = file.Metric.LargerIsNearer();
        description.Dimension = (uint)file.Dimension;
        description.Count = (ulong)file.Count;
        description.KeyKind = WireEnum<KeyKind, Wire.KeyKind>.ToWire(file.Keys.Kind);
        description.Codes = WireEnum<CodesKind, Wire.Codes>.ToWire(file.Codes);
        description.Build = ToWire(file.BuildRecord);
        description.Encoder = EncoderOf(snapshot.Encoders.Items, snapshot.Encoder?.Fingerprint, encoders);
        description.QueryEncoder = EncoderOf(snapshot.Encoders.Queries, snapshot.Encoder?.Fingerprint, encoders);
        description.SizeInBytes = (ulong)file.SizeInBytes;
        description.Certificate = ToWire(file.Certificate);
        description.Layout = WireEnum<SegmentLayout, Wire.Layout>.ToWire(file.Layout);
        description.LoadedBytes = (ulong)file.LoadedBytes;
        description.MappedBytes = (ulong)file.MappedBytes;
        description.Segments = 1;
        description.Attributes.Add(WireAttributes.ToWire(file.AttributeSchema));
    }

    private static void Fill(Wire.IndexDescription description, LiveIndex live, EncoderCatalog encoders)
    {
        IndexSchema schema = live.Schema;
        IReadOnlyList<GenerationStatus> generations = live.Generations;
        GenerationStatus serving = generations[0];
        LogStatus log = live.Log;
        description.Live = true;
        description.Generation = serving.Id;
        description.Metric = WireEnum<Metric, Wire.Metric>.ToWire(schema.Metric);
        description.LargerIsNearer = schema.Metric.LargerIsNearer();
        description.Dimension = (uint)schema.Dimension;
        description.Count = (ulong)serving.Items;
        description.Dead = (ulong)serving.Dead;
        description.Segments = (uint)serving.Segments;
        description.KeyKind = WireEnum<KeyKind, Wire.KeyKind>.ToWire(schema.KeyKind);
        description.Codes = WireEnum<CodesKind, Wire.Codes>.ToWire(schema.Codes);
        description.Layout = WireEnum<SegmentLayout, Wire.Layout>.ToWire(schema.Layout);
        description.Build = new Wire.BuildFacts { M = (uint)schema.M, EfConstruction = (uint)schema.EfConstruction, Seed = schema.Seed };
        description.Encoder = EncoderOf(serving.Encoders.Items, serving.RunningEncoder, encoders);
        description.QueryEncoder = EncoderOf(serving.Encoders.Queries, serving.RunningEncoder, encoders);
        description.SizeInBytes = (ulong)generations.Sum(static generation => generation.FileBytes);
        description.LoadedBytes = (ulong)generations.Sum(static generation => generation.MemoryBytes);
        description.Log = new Wire.LogFacts
        {
            First = (ulong)log.First,
            Durable = (ulong)log.Durable,
            Visible = (ulong)log.Visible,
            Bytes = (ulong)log.Bytes,
            WriteFailure = live.WriteFailure ?? "",
            CompactionFailure = live.CompactionFailure ?? "",
        };
        description.Attributes.Add(WireAttributes.ToWire(schema.Attributes));
        description.Generations.Add(generations.Select(generation => ToWire(generation, encoders)));
    }

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

    private static Wire.EncoderFacts? EncoderOf(SnapshotEncoder encoder, ulong? brought, EncoderCatalog encoders) =>
        encoder.Fingerprint is not ulong known ? null : new Wire.EncoderFacts
        {
            Name = encoder.Name,
            Fingerprint = known,
            Brought = brought == known,
            Hosted = brought == known || encoders.WithFingerprint(known) is not null,
        };
}
