using Ann.Bench.Sets.Hard;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Bench.Hard;

/// <summary>Builds a hard set as each of our kinds of index, in this process, and asks it every query.</summary>
/// <param name="files">Where indexes are made.</param>
/// <param name="time">Of live indexes.</param>
/// <param name="rows">The set.</param>
/// <param name="widths">Every k with the beam widths at which it is asked.</param>
/// <param name="threads">Of builds.</param>
internal sealed class HardIndexes(
    IFileSystem files, TimeProvider time, HardRows rows, IReadOnlyList<(int K, int Ef)> widths, int threads)
{
    private const int BatchRows = 256;

    /// <summary>A file.</summary>
    /// <param name="codes">Of the walk.</param>
    /// <param name="layout">Of the file.</param>
    /// <param name="path">Where it is made; it is deleted again.</param>
    /// <param name="cancellation">Ends it early.</param>
    public IReadOnlyList<HardAnswers> AskSealed(CodesKind codes, SegmentLayout layout, string path, CancellationToken cancellation)
    {
        SegmentBuildOptions options = new() { Metric = rows.Metric, Codes = codes, Layout = layout, Threads = threads };
        using (SegmentBuilder builder = new(rows.Base.Length, rows.Base[0].Length, options))
        {
            foreach (float[] row in rows.Base)
                builder.Add(row);
            builder.Build(KeyColumn.Ordinals(rows.Base.Length), progress: null, cancellation);
            builder.Write(files, path, progress: null, cancellation);
        }
        try
        {
            using SealedSegment segment = SealedSegment.Open(files, path);
            RecallCurves? certified = RecallCurves.Of(segment.Certificate);
            Neighbor[] found = new Neighbor[widths.Max(static width => width.K)];
            return Ask(certified, Search, cancellation);

            void Search(float[] query, SearchParameters parameters, Span<int> answer)
            {
                int count = segment.Search(query, in parameters, SearchBudget.Unlimited, found, out _);
                for (int i = 0; i < count; i++)
                    answer[i] = (int)segment.Keys.Of(found[i].Node).Number;
            }
        }
        finally
        {
            files.Delete(path);
        }
    }

    /// <summary>
    /// A live index: first while all rows are in heads, of which the first takes 4,096 rows, then compacted. One head keeps its graph when
    /// it is sealed; two are merged into a new one.
    /// </summary>
    /// <param name="codes">Of the walk in sealed segments.</param>
    /// <param name="layout">Of sealed segments.</param>
    /// <param name="directory">Where it is made; it is deleted again.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<(IReadOnlyList<HardAnswers> Head, IReadOnlyList<HardAnswers> Compacted)> AskLiveAsync(
        CodesKind codes, SegmentLayout layout, string directory, CancellationToken cancellation)
    {
        IndexSchema schema = new() { Dimension = rows.Base[0].Length, Metric = rows.Metric, Codes = codes, Layout = layout };
        HeldBackground background = new(threads);
        LiveIndexOptions options = new()
        {
            CommitWindow = TimeSpan.Zero,
            HeadRows = Math.Max(4096, rows.Base.Length + 1),
            HeadBytes = 1L << 32,
            MaxFrozenHeads = int.MaxValue,
            Background = background,
        };
        IReadOnlyList<HardAnswers> head, compacted;
        await using (LiveIndex index = LiveIndex.Create(
            new(files, directory, "hard", schema, options, MemoryBudget.Unlimited(), time), new(null, "")))
        {
            try
            {
                for (int first = 0; first < rows.Base.Length; first += BatchRows)
                    await (await index.WriteAsync(Batch(first, Math.Min(BatchRows, rows.Base.Length - first)), cancellation)).Visible;
                using SnapshotLease lease = index.Acquire();
                head = Ask(lease.Snapshot, null, cancellation);
            }
            finally
            {
                background.LetOn(); // closing waits for what was begun
            }
            await index.CompactAsync(cancellation);
            using (SnapshotLease lease = index.Acquire())
            {
                LiveSealedSegment one = lease.Snapshot.Segments.OfType<LiveSealedSegment>().Single();
                compacted = Ask(lease.Snapshot, one.Recall, cancellation);
            }
        }
        LiveIndex.Delete(files, directory);
        return (head, compacted);
    }

    private List<HardAnswers> Ask(IndexSnapshot snapshot, RecallCurves? certified, CancellationToken cancellation)
    {
        SearchHit[] hits = new SearchHit[widths.Max(static width => width.K)];
        return Ask(certified, Search, cancellation);

        void Search(float[] query, SearchParameters parameters, Span<int> answer)
        {
            int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, selection: null, hits, out _);
            for (int i = 0; i < count; i++)
                answer[i] = (int)snapshot.KeyOf(hits[i]).Number;
        }
    }

    private List<HardAnswers> Ask(RecallCurves? certified, SearchOne search, CancellationToken cancellation)
    {
        List<HardAnswers> answers = [];
        foreach ((int k, int ef) in widths)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] found = new int[rows.Queries.Length * k];
            Array.Fill(found, -1);
            for (int query = 0; query < rows.Queries.Length; query++)
                search(rows.Queries[query], new SearchParameters(k, ef), found.AsSpan(query * k, k));
            answers.Add(new HardAnswers(k, ef, found, certified?.OfBeam(k, ef)));
        }
        return answers;
    }

    private WriteBatch Batch(int first, int count)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        float[] values = new float[count * rows.Base[0].Length];
        for (int i = 0; i < count; i++)
        {
            keys.Add((ulong)(first + i));
            rows.Base[first + i].CopyTo(values, i * rows.Base[0].Length);
        }
        return new WriteBatch { Mode = WriteMode.Upsert, Keys = keys, Rows = values };
    }

    /// <summary>Answers one query with the keys of what it found, which are rows of the base.</summary>
    private delegate void SearchOne(float[] query, SearchParameters parameters, Span<int> answer);
}
