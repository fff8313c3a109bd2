using System.Diagnostics.Metrics;
using System.Text.Json;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Server.Health;
using Ann.Server.Recall;
using Ann.Server.Telemetry;

namespace Ann.Server.Hosting;

/// <summary>What there is of each index when metrics are collected: items, memory, log, readiness, live recall.</summary>
internal sealed class IndexGauges
{
    private readonly IndexCatalog _catalog;
    private readonly ServerMetrics _metrics;

    public IndexGauges(IndexCatalog catalog, Readiness readiness, LiveRecallBoard recall, ServerMetrics metrics)
    {
        _catalog = catalog;
        _metrics = metrics;
        Add("ann.index.ready", null, "1 where an index is ready, 0 where not.",
            () => catalog.Indexes.Select(index => Of(readiness.Of(index).Ready ? 1 : 0, index)));
        Add("ann.index.serving", null, "1 for the generation that serves, 0 for those that did.", Serving, gone: 0);
        Add("ann.index.items", "{item}", "Items, the deleted ones left out.", () => OfGenerations(static one => one.Items));
        Add("ann.index.dead", "{row}", "Rows of deleted and replaced items.", () => OfGenerations(static one => one.Dead));
        Add("ann.index.segments", "{segment}", "Segments that a search visits.", () => OfGenerations(static one => one.Segments));
        Add("ann.index.memory", "By", "Memory held, mapped files not counted.", () => OfGenerations(static one => one.MemoryBytes));
        Add("ann.index.files", "By", "Bytes of files.", () => OfGenerations(static one => one.FileBytes));
        Add("ann.index.missed", "{key}", "Keys whose last write a generation lacks.", () => OfGenerations(static one => one.MissedKeys));
        Add("ann.log.size", "By", "Bytes of the log.", () => OfLive(static live => live.Log.Bytes));
        Add("ann.log.unseen", "{item}", "Items on disk that no search sees yet.",
            () => OfLive(static live => Math.Max(0, live.Log.Durable - live.Log.Visible)));
        Add("ann.log.writable", null, "1 where the log takes writes, 0 where not.",
            () => OfLive(static live => live.WriteFailure is null && !live.IsReadOnly ? 1 : 0));
        Add("ann.compaction.failing", null, "1 where sealing and compacting do not get on, 0 where they do.",
            () => OfLive(static live => live.CompactionFailure is null ? 0 : 1));
        Add("ann.recall.live", "1", "Recall of real queries.", () => recall.All.Select(static fact => Of(fact.Interval.Recall, fact)));
        Add("ann.recall.live.high", "1", "Upper end of its 95 % interval.",
            () => recall.All.Select(static fact => Of(fact.Interval.High, fact)));
        Add("ann.recall.ef_factor", "1", "Factor on the beam widths that recall_target takes.",
            () => recall.All.Select(static fact => Of(fact.EfFactor, fact)));
    }

    private void Add(string name, string? unit, string meaning, Func<IEnumerable<Measurement<double>>> values, double gone = double.NaN)
    {
        GaugeSeries series = new(gone);
        _metrics.Meter.CreateObservableGauge(name, () => series.With(values()), unit, meaning);
    }

    private IEnumerable<Measurement<double>> Serving()
    {
        foreach ((HostedIndex index, GenerationStatus one) in Generations())
        {
            if (one.Role == GenerationRole.Serving)
                yield return new(1, new(TagNames.Index, index.Name), new(TagNames.Generation, _metrics.LabelOf(index.Name, one.Id)));
        }
    }

    /// <summary>Summed by role: of generations that stand by there may be two.</summary>
    private IEnumerable<Measurement<double>> OfGenerations(Func<GenerationStatus, double> value) =>
        from pair in Generations()
        group value(pair.One) by (pair.Index.Name, pair.One.Role) into values
        select new Measurement<double>(
            values.Sum(), new(TagNames.Index, values.Key.Name),
            new(TagNames.Role, JsonNamingPolicy.SnakeCaseLower.ConvertName($"{values.Key.Role}")));

    private IEnumerable<Measurement<double>> OfLive(Func<LiveIndex, double> value) =>
        from index in _catalog.Indexes
        let live = index.Status.Live
        where live is not null
        select Of(value(live), index);

    /// <summary>Of an index that is a file, it is the one generation.</summary>
    private IEnumerable<(HostedIndex Index, GenerationStatus One)> Generations()
    {
        foreach (HostedIndex index in _catalog.Indexes)
        {
            IndexStatus status = index.Status;
            if (status.Live is { } live)
            {
                foreach (GenerationStatus one in live.Generations)
                    yield return (index, one);
            }
            else if (status.Snapshot is { Segments: [LiveSealedSegment { Sealed: SealedSegment file }] } snapshot)
            {
                yield return (index, new GenerationStatus(
                    snapshot.Generation, GenerationRole.Serving, snapshot.Encoders, file.Count, Dead: 0, Segments: 1, LogPosition: 0,
                    AppliedPosition: 0, MissedKeys: 0, file.SizeInBytes, file.LoadedBytes));
            }
        }
    }

    private static Measurement<double> Of(double value, HostedIndex index) =>
        new(value, new KeyValuePair<string, object?>(TagNames.Index, index.Name));

    private static Measurement<double> Of(double value, RecallFact fact) => new(
        value, new(TagNames.Index, fact.Kind.Index), new(TagNames.Generation, fact.Kind.Generation),
        new(TagNames.FilterClass, fact.Kind.FilterClass), new(TagNames.K, fact.Kind.K));
}
