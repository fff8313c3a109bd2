using System.Runtime.CompilerServices;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>The exact second pass over the best candidates of a walk on codes.</summary>
internal static unsafe class Reranking
{
    /// <summary>
    /// Candidates that a scan of codes keeps beyond k: it costs less than a walk, and is asked where many rows are about as far, and codes
    /// tell them apart worst.
    /// </summary>
    private const int ScanMargin = 512;

    /// <summary>How far ahead of the row being reranked memory is asked for.</summary>
    private const int PrefetchAhead = 12;

    /// <summary>
    /// Rows reranked between two looks at the budget, and even though the deadline has passed: about 100 µs. A power of two.
    /// </summary>
    private const int RowsPerCheck = 512;

    /// <summary>The same of rows that are read one by one, each of which may be waited for. A power of two.</summary>
    private const int ReadsPerCheck = 32;

    /// <summary>Rows that are asked for together, at most: what a device takes at once.</summary>
    private const int MostAsked = 256;

    /// <summary>Candidates that a scan of codes keeps for k results.</summary>
    public static int MostOfScan(int k) => Math.Max(2 * k, k + ScanMargin);

    /// <summary>Asks for the first rows that <see cref="Run"/> will read.</summary>
    public static void Prefetch(in SegmentView segment, ReadOnlySpan<ulong> beam)
    {
        if (segment.RowReads is not null)
            return;
        for (int i = 0; i < Math.Min(PrefetchAhead, beam.Length); i++)
            Memory.Prefetch(segment.Row(Beam.NodeOf(beam[i])), segment.RowStride * sizeof(float));
    }

    /// <summary>
    /// Exact distances for the head of the beam: the first k, then, in the order of the codes, as long as the codes may err by enough to
    /// make one of the k nearest of the next: through the whole beam where they tell nothing apart. When the budget ends before the first
    /// k, or allows no more, the others follow in the order of the codes, with the codes' distances. A cancelled search gets nothing.
    /// </summary>
    /// <param name="segment">Where the rows lie.</param>
    /// <param name="context">Holds the query, and gives the room.</param>
    /// <param name="beam">What the walk found, nearest first by the codes.</param>
    /// <param name="parameters">Results wanted, and how many rows may be ranked.</param>
    /// <param name="coded">How the query was quantised.</param>
    /// <returns>
    /// The nearest, nearest first: k, if there are as many, and perhaps some more, all that are as near as the k-th among them.
    /// </returns>
    public static Span<ulong> Run<TDistance>(
        scoped in SegmentView segment, QueryContext context, ReadOnlySpan<ulong> beam, SearchParameters parameters,
        scoped in CodedQuery coded)
        where TDistance : struct, IDistance
    {
        int k = parameters.K;
        int most = beam.Length;
        Span<ulong> ranked = context.Ranked(most);
        RowScorer<TDistance> exact = new(segment.Rows, segment.RowStride, context.Query);
        int count = 0; // looked at
        int kept = 0;
        int asked = 0; // the rows of candidates before this one were asked for
        SearchContext search = context.Walk;
        RowReads? reads = segment.RowReads;
        int perCheck = reads is null ? RowsPerCheck : ReadsPerCheck;
        int allowed = AllowedRows(search, parameters.MostReranked, most, perCheck);
        for (; count < most; count++)
        {
            if (count == allowed || ((count & (perCheck - 1)) == 0 && count > 0 && (search.IsStopped || search.Look())))
                break;
            if (reads is null && count + PrefetchAhead < most)
                exact.Prefetch(Beam.NodeOf(beam[count + PrefetchAhead]));
            int node = Beam.NodeOf(beam[count]);
            if (kept >= k)
            {
                float least = coded.Bound.LeastOf(Beam.DistanceOf(beam[count]) + coded.Shift, segment.CodeWeight(node));
                if (least > Beam.DistanceOf(ranked[k - 1]))
                    break;
            }
            float distance;
            if (reads is null)
            {
                distance = exact.Score(node);
            }
            else
            {
                if (count >= asked && !reads.TryReadNow(node, context.Row))
                    asked = Ask(in segment, beam[..allowed], count, k, kept < k ? null : Beam.DistanceOf(ranked[k - 1]), in coded);
                if (count < asked)
                    reads.Read(node, context.Row);
                distance = DistanceOfRead<TDistance>(in segment, context);
            }
            if (kept >= k && distance > Beam.DistanceOf(ranked[k - 1]))
                continue;
            // The beam is nearly in order, so an entry moves few places.
            ulong entry = Beam.Pack(node, distance);
            int place = kept++;
            for (; place > 0 && ranked[place - 1] > entry; place--)
                ranked[place] = ranked[place - 1];
            ranked[place] = entry;
        }
        search.Statistics.Reranked = count;
        if (search.Stopped == StopReason.Cancelled)
            return [];
        int wanted = Math.Min(most, k);
        if (count < wanted)
            Append(ranked, beam, count, wanted, coded.Shift);
        return ranked[..Math.Max(kept, wanted)];
    }

    /// <summary>Distance of the row that was read. Apart, so that the loop has but one distance to be compiled into it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float DistanceOfRead<TDistance>(in SegmentView segment, QueryContext context)
        where TDistance : struct, IDistance => TDistance.Between(context.Query, context.Row, (nuint)segment.RowStride);

    /// <summary>Asks for the rows of the candidates from one on that will be read as far as is known.</summary>
    /// <param name="segment">Where they lie.</param>
    /// <param name="beam">The candidates.</param>
    /// <param name="from">The first of them.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="worst">The k-th exact distance so far; null where there are fewer: the k-th by codes stands in for it.</param>
    /// <param name="coded">How the query was quantised.</param>
    /// <returns>The candidate behind the last of them.</returns>
    private static int Ask(
        in SegmentView segment, ReadOnlySpan<ulong> beam, int from, int k, float? worst, in CodedQuery coded)
    {
        float limit = worst ?? Beam.DistanceOf(beam[Math.Min(k, beam.Length) - 1]) + coded.Shift;
        int end = Math.Min(beam.Length, from + MostAsked);
        int i = from;
        for (; i < end; i++)
        {
            int node = Beam.NodeOf(beam[i]);
            if (i >= k && coded.Bound.LeastOf(Beam.DistanceOf(beam[i]) + coded.Shift, segment.CodeWeight(node)) > limit)
                break;
            segment.RowReads!.Ask(node);
        }
        return Math.Max(i, from + 1);
    }

    /// <summary>Rows that may be reranked at all.</summary>
    private static int AllowedRows(SearchContext search, int limit, int most, int pastDeadline)
    {
        int allowed = limit > 0 ? Math.Min(limit, most) : most;
        return search.Stopped switch
        {
            StopReason.Cancelled => 0,
            StopReason.Deadline => Math.Min(allowed, pastDeadline),
            _ => allowed,
        };
    }

    /// <summary>Adds what was not reranked, not nearer than what was: codes tell no better than that.</summary>
    private static void Append(Span<ulong> ranked, ReadOnlySpan<ulong> beam, int from, int to, float shift)
    {
        float least = from == 0 ? float.NegativeInfinity : Beam.DistanceOf(ranked[from - 1]);
        for (int i = from; i < to; i++)
            ranked[i] = Beam.Pack(Beam.NodeOf(beam[i]), Math.Max(Beam.DistanceOf(beam[i]) + shift, least));
    }
}
