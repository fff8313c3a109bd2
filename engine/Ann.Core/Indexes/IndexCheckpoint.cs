using System.Globalization;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Brings the manifest on disk up to what the index is now. The order makes a crash at any point harmless: files that a manifest names
/// are whole and flushed before it is; files that it no longer names are deleted after it; the log gives up what it no longer needs last.
/// </summary>
internal static class IndexCheckpoint
{
    /// <summary>Writes tombstones and missed keys that changed, then the manifest; then deletes what it does not name.</summary>
    /// <exception cref="IOException">
    /// The disk is full or fails. The manifest before it or the new one is on disk; the files of both are.
    /// </exception>
    public static void Write(LiveState state)
    {
        state.Home.RequireWritable();
        List<string> written = [];
        try
        {
            Write(state, written);
        }
        catch
        {
            state.Obsolete.AddRange(written); // the next manifest names others
            throw;
        }
        DeleteObsolete(state);
        Trim(state);
    }

    private static void Write(LiveState state, List<string> written)
    {
        IndexHome home = state.Home;
        List<string> replaced = [];
        List<Action> settle = [];
        List<ManifestGeneration> generations = [];
        foreach (Generation generation in state.Generations)
        {
            List<ManifestSegment> segments = [];
            foreach (IndexPart part in generation.Parts.Where(static part => !part.IsHead))
                segments.Add(Describe(state, part, written, replaced, settle));
            string? missed = WriteMissed(state, generation, written, replaced, settle);
            ManifestGeneration described = new()
            {
                Id = generation.Id,
                EncoderFingerprint = generation.Encoders.Items.Fingerprint,
                EncoderName = generation.Encoders.Items.Name,
                QueryEncoder = ManifestQueryEncoder.Of(generation),
                LogPosition = generation.LogPosition,
                Segments = segments,
                MissedKeysFile = missed,
            };
            generations.Add(described);
            settle.Add(() => generation.Described = described);
        }

        generations.AddRange(state.Damaged.Select(static damaged => damaged.Described));

        state.Revision++;
        state.IsCheckpointDue = true;
        ManifestFile.Write(home.Files, home.Directory, new Manifest
        {
            Revision = state.Revision,
            Schema = home.Schema,
            NextFile = state.NextFile,
            Serving = state.Serving.Id,
            Previous = state.Previous?.Id ?? state.Damaged.FirstOrDefault(static damaged => damaged.IsPrevious)?.Id,
            Generations = generations,
            Producers = [.. state.Producers.Entries.Select(static entry => new ManifestProducer(entry.Name, entry.Sequence))],
            LastSequence = state.LastSequence,
            LogFile = state.Wal.NewestFile,
        });

        state.IsCheckpointDue = false;
        state.CheckpointSequence = state.LastSequence;
        foreach (Action action in settle)
            action();
        state.Obsolete.AddRange(replaced);
    }

    /// <summary>
    /// Gives up what the log holds and nobody needs. The manifest is on disk by now: that the log keeps more than it must is no failure of
    /// what the manifest was written for. A log that is broken says so at the next write.
    /// </summary>
    private static void Trim(LiveState state)
    {
        long needed = state.Generations.Min(static generation => generation.LogPosition) + 1;
        try
        {
            state.Wal.TrimBefore(needed, state.Pinned.Count > 0 ? long.MaxValue : state.Home.Options.LogRetentionBytes);
        }
        catch (AnnException)
        {
            // Tried again at the next checkpoint.
        }
    }

    /// <summary>Deletes files that no manifest names and nobody copies.</summary>
    private static void DeleteObsolete(LiveState state)
    {
        foreach (string file in state.Obsolete.ToArray())
        {
            if (state.Pinned.ContainsKey(file))
                continue;
            try
            {
                state.Home.Delete(file);
                state.Obsolete.Remove(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Tried again at the next checkpoint, and at the next start.
            }
        }
    }

    private static ManifestSegment Describe(
        LiveState state, IndexPart part, List<string> written, List<string> replaced, List<Action> settle)
    {
        SealedSegment segment = part.Sealed!;
        int dead = part.Dead;
        string? file = part.TombstoneFile;
        if (dead != part.WrittenDeaths)
        {
            file = state.NewFile("seg", ".tomb");
            written.Add(file);
            ulong hash = ulong.Parse(segment.Generation, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            TombstoneFile.Write(state.Home.Files, state.Home.PathOf(file), part.Segment.Dead, segment.Count, hash);
            if (part.TombstoneFile is not null)
                replaced.Add(part.TombstoneFile);
            settle.Add(() =>
            {
                part.TombstoneFile = file;
                part.WrittenDeaths = dead;
            });
        }
        return new ManifestSegment
        {
            File = part.File,
            Hash = segment.Generation,
            Count = segment.Count,
            TombstoneFile = file,
            Dead = dead,
        };
    }

    private static string? WriteMissed(
        LiveState state, Generation generation, List<string> written, List<string> replaced, List<Action> settle)
    {
        if (!generation.MissedChanged)
            return generation.MissedFile;
        string? file = null;
        if (generation.Missed.Count > 0)
        {
            file = state.NewFile("missed", ".keys");
            written.Add(file);
            KeyHashFile.Write(state.Home.Files, state.Home.PathOf(file), generation.Missed);
        }
        if (generation.MissedFile is not null)
            replaced.Add(generation.MissedFile);
        settle.Add(() =>
        {
            generation.MissedFile = file;
            generation.MissedChanged = false;
        });
        return file;
    }
}
