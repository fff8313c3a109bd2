using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Rewrites the live rows of some segments as one sealed segment. Runs beside the writer: rows that die meanwhile are carried over when
/// the result is installed.
/// </summary>
internal sealed class SegmentMerge
{
    private const double MaxAdoptedDeadShare = 0.1;

    private readonly IndexHome _home;
    private readonly EncoderPair _encoders;
    private readonly string _file;
    private readonly HashSet<int>[] _bases;
    private readonly long _asOf;
    private int[][] _rows = [];
    private IndexPart? _result;

    /// <summary>Holds the sources until it is disposed of by <see cref="LetGo"/>. Called by the writer.</summary>
    /// <param name="home">The index.</param>
    /// <param name="generation">Whose segments they are.</param>
    /// <param name="sources">Oldest first; heads among them are frozen.</param>
    /// <param name="file">Name of the file to be written.</param>
    public SegmentMerge(IndexHome home, Generation generation, IReadOnlyList<IndexPart> sources, string file)
    {
        Debug.Assert(sources.Count > 0);
        _home = home;
        _encoders = generation.Encoders;
        _file = file;
        Generation = generation;
        Sources = sources;
        Rows = sources.Sum(static source => (long)source.Live);
        long position = generation.LogPositionWithout(sources);
        _bases = [.. sources.Select(source => source.Segment.Dead.BasesAfter(position))];
        _asOf = generation.Applied;
        foreach (IndexPart source in sources)
            source.Segment.Hold();
    }

    /// <summary>Whose segments are merged.</summary>
    public Generation Generation { get; }

    /// <summary>Name of the file that it writes.</summary>
    public string File => _file;

    /// <summary>What is merged.</summary>
    public IReadOnlyList<IndexPart> Sources { get; }

    /// <summary>Rows that are rewritten, as of the time when the merge was begun.</summary>
    public long Rows { get; }

    /// <summary>
    /// True when a merge is one head that keeps its graph. With more dead rows than this the mended graph falls behind a new one.
    /// </summary>
    public static bool IsSeal(IReadOnlyList<IndexPart> sources) =>
        sources is [{ IsHead: true, DeadShare: <= MaxAdoptedDeadShare }];

    /// <summary>Builds, writes and opens the segment. Runs where builds may.</summary>
    /// <param name="threads">Of the build.</param>
    /// <param name="cancellation">Ends it early; nothing is left behind.</param>
    public void Run(int threads, CancellationToken cancellation)
    {
        long start = _home.Time.GetTimestamp();
        _rows = [.. Sources.Select((source, i) => KeptNodes(source.Segment, _bases[i], _asOf))];
        int count = _rows.Sum(static rows => rows.Length);
        if (count == 0)
            return;

        long peak = PeakBytes(count);
        _home.Budget.Take(peak, $"rewriting {count} rows of index '{_home.Name}'");
        try
        {
            Build(count, threads, cancellation);
        }
        finally
        {
            _home.Budget.Return(peak);
        }
        _result = OpenPart(_home, _file);
        SealedSegment made = ((LiveSealedSegment)_result.Segment).Sealed;
        _home.Options.Sealed?.Invoke(new SealingReport(
            _home.Name, Generation.Id, _file, made.Count, _home.Time.GetElapsedTime(start), made.BuildRecord, made.Certificate));
    }

    /// <summary>Opens a sealed segment as a part of an index, within the memory budget.</summary>
    public static IndexPart OpenPart(IndexHome home, string file)
    {
        long taken = 0;
        LiveSealedSegment? segment = null;
        try
        {
            segment = new LiveSealedSegment(SealedSegment.Open(
                home.Files, home.PathOf(file), home.Options.Residence, Take, keysAreLookedUp: true));
            Take(KeyTable.BytesOf(segment.Count) + Tombstones.BytesOf(segment.Count));
            segment.PrepareLookups();
            segment.Freed = () => home.Budget.Return(taken);
            return new IndexPart(segment) { File = file };
        }
        catch
        {
            segment?.Release();
            home.Budget.Return(taken);
            throw;
        }

        void Take(long bytes)
        {
            home.Budget.Take(bytes, $"segment {file} of index '{home.Name}'");
            taken += bytes;
        }
    }

    /// <summary>Marks in the result what has died in the sources since they were read. Writer only.</summary>
    public void CarryDeaths(LiveSegment merged)
    {
        long position = Generation.LogPositionWithout(Sources);
        List<(long Sequence, int Node)> replaced = [];
        int node = 0;
        for (int i = 0; i < Sources.Count; i++)
        {
            Tombstones dead = Sources[i].Segment.Dead;
            HashSet<int> bases = dead.BasesAfter(position);
            foreach (int source in _rows[i])
            {
                if (bases.Contains(source))
                    replaced.Add((dead.DeathOf(source), node));
                else if (dead.IsDead(source))
                    merged.Dead.Kill(node, dead.DeathOf(source));
                node++;
            }
        }
        replaced.Sort();
        foreach ((long sequence, int dead) in replaced)
            merged.Dead.KillBase(dead, sequence);
    }

    /// <summary>The segment, which is then the caller's; null when no row was alive.</summary>
    public IndexPart? TakeResult()
    {
        IndexPart? result = _result;
        _result = null;
        return result;
    }

    /// <summary>Lets go of the sources, and of a result that nobody took.</summary>
    public void LetGo()
    {
        foreach (IndexPart source in Sources)
            source.Segment.Release();
        _result?.Segment.Release();
    }

    /// <summary>Most bytes that a merge of so many rows holds at once, its result included.</summary>
    private long PeakBytes(long rows)
    {
        IndexSchema schema = _home.Schema;
        double attributeBytes = (double)Sources.Sum(static source => AttributeBytes(source.Segment)) / rows;
        double payloadBytes = Sources.Any(static source => source.Segment.HasPayloads) ? 1 : 0; // their number counts, not their bytes
        SegmentFootprint footprint = SegmentFootprint.Estimate(
            rows, schema.Dimension, _home.BuildOptions(default, threads: 1), schema.KeyKind, SegmentFootprint.MaxKeyBytes / 8.0,
            extras: new ItemExtras(Math.Min(attributeBytes, SegmentFootprint.MaxAttributeBytes), payloadBytes));
        return footprint.BuildPeakBytes;
    }

    private static long AttributeBytes(LiveSegment segment) =>
        segment is LiveSealedSegment file ? file.Sealed.Parts.Attributes : segment.Attributes?.MemoryBytes ?? 0;

    /// <summary>
    /// Nodes that are alive as of the write with which the merge began, and the bases of updates: what dies later may be one, too.
    /// </summary>
    private static int[] KeptNodes(LiveSegment segment, HashSet<int> bases, long asOf)
    {
        Tombstones dead = segment.Dead;
        List<int> nodes = new(segment.Count);
        for (int node = 0; node < segment.Count; node++)
            if (!dead.IsDead(node, asOf) || bases.Contains(node))
                nodes.Add(node);
        return [.. nodes];
    }

    /// <summary>Finds the payload of a row of the result where its source has it.</summary>
    private RowPayload RowPayloads()
    {
        int[] firsts = new int[Sources.Count];
        for (int i = 1; i < firsts.Length; i++)
            firsts[i] = firsts[i - 1] + _rows[i - 1].Length;
        return row =>
        {
            int source = Array.BinarySearch(firsts, row);
            source = source < 0 ? ~source - 1 : source;
            while (row - firsts[source] >= _rows[source].Length)
                source++; // those before have no rows
            return Sources[source].Segment.Payload(_rows[source][row - firsts[source]]);
        };
    }

    private void Build(int count, int threads, CancellationToken cancellation)
    {
        List<float[]> asked = Generation.Samples.Copy();
        SegmentBuildOptions options = _home.BuildOptions(_encoders, threads) with
        {
            Queries = asked.Count < CertificateQueries.LeastSampled ? null : new CertificateQueries(asked, CertificateQueries.Sampled),
        };
        using SegmentBuilder builder = new(count, _home.Schema.Dimension, options);
        KeyColumn keys = new(_home.Schema.KeyKind);
        for (int i = 0; i < Sources.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            LiveSegment segment = Sources[i].Segment;
            foreach (int node in _rows[i])
            {
                ReadOnlySpan<float> row = segment.Row(node);
                // Sound when the file was opened. Were it written on now, the merge would spread what has become of it since.
                if (RowPreparation.FaultOfStored(_home.Schema.Metric, row, node) is string fault)
                    throw AnnException.Corrupt(_home.PathOf(Sources[i].File), nameof(SectionKind.Rows), 0, fault);
                builder.AddStored(row);
                builder.AddStoredAttributes(segment.Attributes, node);
                keys.Add(segment.KeyOf(node));
            }
        }
        if (Sources.Any(static source => source.Segment.HasPayloads))
            builder.SetPayloads(RowPayloads());
        if (IsSeal(Sources))
        {
            HeadSegment head = (HeadSegment)Sources[0].Segment;
            builder.Adopt(head.Graph, _rows[0], head.IsBuiltOnRows);
        }
        builder.Build(keys, progress: null, cancellation);
        builder.Write(_home.Files, _home.PathOf(_file), progress: null, cancellation);
    }
}

/// <summary>A segment that sealing or compacting has made.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">Whose segment it is.</param>
/// <param name="File">Name of the segment's file.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Elapsed">How long it took to be made.</param>
/// <param name="Build">How it was made.</param>
/// <param name="Certificate">What was measured of it.</param>
internal sealed record SealingReport(
    string Index, string Generation, string File, int Rows, TimeSpan Elapsed, BuildRecord Build, Certificate Certificate);
