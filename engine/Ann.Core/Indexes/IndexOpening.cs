using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Ann.Core.Files;
using Ann.Core.Log;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>Makes the state of a live index: of a new one, or of one on disk, whose log is replayed.</summary>
internal static class IndexOpening
{
    /// <summary>Held while an index is open: two processes must not write one log.</summary>
    public const string LockFile = "LOCK";

    /// <summary>Items replayed before they are linked and shown.</summary>
    private const int ReplayRows = 2048;

    private static readonly string[] OwnPatterns = ["seg-*.ann", "seg-*.tomb", "missed-*.keys", "*.partial"];

    /// <summary>Makes an empty index.</summary>
    public static LiveState Create(IndexHome home, EncoderPair encoders)
    {
        DeleteOrphans(home, keep: []);
        foreach (string file in home.Files.ListFiles(home.Directory, "wal-*.log"))
            home.Files.Delete(file); // a drop that did not come to its end
        foreach (string file in home.Files.ListFiles(home.Directory, Exclusions.SetLog.Pattern))
            home.Files.Delete(file);
        Wal wal = Wal.Create(home.Files, home.Directory, ShapeOf(home.Schema), firstSequence: 1);
        Generation? generation = null;
        try
        {
            string born = $"{home.Name} {home.Time.GetUtcNow().UtcTicks}";
            string id = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(born)).ToString("x16", CultureInfo.InvariantCulture);
            generation = new Generation(home, id, encoders, [], applied: 0) { Role = GenerationRole.Serving };
            LiveState state = new(home, wal, [generation], generation);
            IndexCheckpoint.Write(state);
            return state;
        }
        catch
        {
            generation?.Close();
            wal.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens what the manifest names and replays the log onto the serving generation. The others catch up later; one of them that cannot
    /// be opened keeps nobody from being served.
    /// </summary>
    /// <exception cref="AnnException">Corrupt: names file and byte. Overloaded: memory.</exception>
    public static LiveState Open(IndexHome home, Manifest manifest)
    {
        if (!home.IsReadOnly)
            DeleteOrphans(home, manifest.Generations.SelectMany(static one => one.NamedFiles()).ToHashSet(StringComparer.Ordinal));
        List<Generation> generations = [];
        List<DamagedGeneration> damaged = [];
        Wal? wal = null;
        try
        {
            foreach (ManifestGeneration described in manifest.Generations)
                Attempt(described, () => generations.Add(OpenGeneration(home, described)));
            wal = OpenLog(home, manifest);
            foreach (Generation generation in generations.ToArray())
            {
                ManifestGeneration described = manifest.Generations.Single(one => one.Id == generation.Id);
                if (Attempt(described, () => RequireLog(home, wal, generation)))
                    continue;
                generations.Remove(generation);
                generation.Close();
            }

            LiveState state = new(home, wal, generations, generations.Single(one => one.Id == manifest.Serving))
            {
                NextFile = manifest.NextFile,
                Revision = manifest.Revision,
                Previous = generations.SingleOrDefault(one => one.Id == manifest.Previous),
                CheckpointSequence = manifest.LastSequence,
                Damaged = damaged,
            };
            foreach (ManifestProducer producer in manifest.Producers)
                state.Producers.Note(producer.Name, producer.Sequence);
            Replay(state);
            state.Serving.Role = GenerationRole.Serving;
            return state;
        }
        catch
        {
            foreach (Generation generation in generations)
                generation.Close();
            wal?.Dispose();
            throw;
        }

        bool Attempt(ManifestGeneration described, Action open)
        {
            try
            {
                open();
                return true;
            }
            catch (Exception e) when (described.Id != manifest.Serving && IsDamage(e))
            {
                damaged.Add(new DamagedGeneration(described, home.Told(e), described.Id == manifest.Previous));
                return false;
            }
        }
    }

    /// <summary>True for what is wrong with files. A memory budget that is too small is another thing: the files are sound.</summary>
    private static bool IsDamage(Exception e) =>
        e is AnnException { Error: not AnnError.Overloaded } or IOException or UnauthorizedAccessException;

    private static Generation OpenGeneration(IndexHome home, ManifestGeneration described)
    {
        List<IndexPart> parts = [];
        BroughtEncoder? encoder = null;
        try
        {
            foreach (ManifestSegment segment in described.Segments)
                parts.Add(OpenPart(home, segment));
            if (described.QueryEncoder?.Carried is { } carried)
                encoder = BroughtEncoder.Open(home, carried, described.Encoders.Queries);
            HashSet<ulong> missed = described.MissedKeysFile is string file ? KeyHashFile.Read(home.Files, home.PathOf(file)) : [];
            Generation generation = new(home, described.Id, described.Encoders, parts, described.LogPosition, encoder)
            {
                MissedFile = described.MissedKeysFile,
                Described = described,
            };
            generation.Missed.UnionWith(missed); // nothing can fail behind the generation, which holds its parts
            return generation;
        }
        catch
        {
            foreach (IndexPart part in parts)
                part.Segment.Release();
            encoder?.Opened?.Release();
            throw;
        }
    }

    private static IndexPart OpenPart(IndexHome home, ManifestSegment described)
    {
        string path = home.PathOf(described.File);
        if (!home.Files.FileExists(path))
            throw AnnException.Corrupt(path, "file", 0, "the manifest names it, and it is missing.");
        IndexPart part = SegmentMerge.OpenPart(home, described.File);
        try
        {
            SealedSegment segment = part.Sealed!;
            if (segment.Generation != described.Hash || segment.Count != described.Count)
            {
                throw AnnException.Corrupt(
                    path, "header", 16,
                    $"hash {segment.Generation}, {segment.Count} rows; the manifest names {described.Hash}, {described.Count} rows.");
            }
            RequireFit(home.Schema, segment);
            if (described.TombstoneFile is string tombstones)
            {
                ulong hash = ulong.Parse(segment.Generation, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                TombstoneFile.Read(home.Files, home.PathOf(tombstones), part.Segment.Dead, segment.Count, hash);
                part.TombstoneFile = tombstones;
                part.WrittenDeaths = part.Segment.DeadCount;
            }
            return part;
        }
        catch
        {
            part.Segment.Release();
            throw;
        }
    }

    /// <summary>Refuses a segment that is not of the index's kind.</summary>
    /// <exception cref="AnnException">InvalidArgument: names what differs.</exception>
    public static void RequireFit(IndexSchema schema, SealedSegment segment)
    {
        if (segment.Dimension != schema.Dimension)
            throw Unfit(segment, $"dimension {segment.Dimension}", $"{schema.Dimension}");
        if (segment.Metric != schema.Metric)
            throw Unfit(segment, $"metric {segment.Metric.Traits().Name}", schema.Metric.Traits().Name);
        if (segment.Keys.Kind != schema.KeyKind)
            throw Unfit(segment, $"keys of kind {segment.Keys.Kind}", $"{schema.KeyKind}");
        if (!segment.AttributeSchema.Equals(schema.Attributes))
        {
            throw AnnException.BadInput(
                segment.Path, "", segment.AttributeSchema.DifferenceFrom(schema.Attributes, "it has", "the index has"));
        }
    }

    private static AnnException Unfit(SealedSegment segment, string found, string expected) =>
        AnnException.BadInput(segment.Path, "", $"it has {found}; the index has {expected}.");

    private static Wal OpenLog(IndexHome home, Manifest manifest)
    {
        WalShape shape = ShapeOf(home.Schema);
        long next = manifest.LastSequence + 1;
        return home.IsReadOnly
            ? Wal.OpenToRead(home.Files, home.Directory, shape, next, manifest.LogFile)
            : Wal.Open(home.Files, home.Directory, shape, next, newestFile: manifest.LogFile);
    }

    private static void RequireLog(IndexHome home, Wal wal, Generation generation)
    {
        if (wal.First <= generation.Applied + 1)
            return;
        throw AnnException.Corrupt(
            home.Directory, "log", 0,
            $"it begins with write {wal.First}; generation {generation.Id} needs those from {generation.Applied + 1} on.");
    }

    private static void Replay(LiveState state)
    {
        Generation serving = state.Serving;
        long from = serving.Applied + 1;
        long last = serving.Applied;
        int rows = 0;
        foreach (WalRecord record in state.Wal.Read(from, state.LastSequence))
        {
            serving.Apply(record, from);
            state.Producers.Note(record.Producer, record.ProducerSequence);
            last = Math.Max(last, record.LastSequence);
            rows += record.Count;
            if (rows < ReplayRows)
                continue;
            serving.Publish(last);
            rows = 0;
        }
        serving.Publish(last);
        serving.TakeHeadChanged();
    }

    private static WalShape ShapeOf(IndexSchema schema) => new(schema.Dimension, schema.KeyKind) { Attributes = schema.Attributes };

    /// <summary>Deletes what a crash left half-written, and what the last manifest no longer names. Files of other names stay.</summary>
    private static void DeleteOrphans(IndexHome home, HashSet<string> keep)
    {
        foreach (string pattern in OwnPatterns)
        {
            foreach (string path in home.Files.ListFiles(home.Directory, pattern))
                if (!keep.Contains(Path.GetFileName(path)))
                    home.Files.Delete(path);
        }
        foreach (string path in home.Files.ListDirectories(home.Directory))
            if (CarriedEncoder.IsNameOfDirectory(Path.GetFileName(path)) && !keep.Contains(Path.GetFileName(path)))
                DirectoryTree.Delete(home.Files, path);
    }
}
