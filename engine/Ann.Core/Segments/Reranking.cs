using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>The exact second pass over the best candidates of a walk on codes.</summary>
internal static unsafe class Reranking
{
    /// <summary>Candidates reranked beyond k at most: codes rarely move an item further than this from its place.</summary>
    private const int Margin = 64;

    /// <summary>
    /// The same after a scan of codes: it costs less than a walk, and is asked where many rows are about as far, and codes tell them apart
    /// worst.
    /// </summary>
    private const int ScanMargin = 512;

    /// <summary>How far ahead of the row being reranked memory is asked for.</summary>
    private const int PrefetchAhead = 12;

    /// <summary>Candidates that are looked at for k results at most.</summary>
    public static int MostOf(int k) => Math.Max(2 * k, k + Margin);

    /// <summary>Candidates that a scan of codes keeps for k results.</summary>
    public static int MostOfScan(int k) => Math.Max(2 * k, k + ScanMargin);

    /// <summary>Asks for the first rows that <see cref="Run"/> will read.</summary>
    public static void Prefetch(in SegmentView segment, ReadOnlySpan<ulong> beam)
    {
        for (int i = 0; i < Math.Min(PrefetchAhead, beam.Length); i++)
            Memory.Prefetch(segment.Row(Beam.NodeOf(beam[i])), segment.RowStride * sizeof(float));
    }

    /// <summary>
    /// Exact distances for the head of the beam: the first k, then, in the order of the codes, as long as the codes may err by enough to
    /// make one of the k nearest of the next.
    /// </summary>
    /// <param name="segment">Where the rows lie.</param>
    /// <param name="context">Holds the query, and gives the room.</param>
    /// <param name="beam">What the walk found, nearest first by the codes.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="coded">How the query was quantised.</param>
    /// <param name="most">Candidates looked at, at most: <see cref="MostOf"/>, or <see cref="MostOfScan"/>.</param>
    /// <returns>The reranked entries, nearest first: k, if there are as many, and some more.</returns>
    public static Span<ulong> Run<TDistance>(
        scoped in SegmentView segment, QueryContext context, ReadOnlySpan<ulong> beam, int k, Int8Query coded, int most)
        where TDistance : struct, IDistance
    {
        most = Math.Min(beam.Length, most);
        Span<ulong> ranked = context.Ranked(most);
        RowScorer<TDistance> exact = new(segment.Rows, segment.RowStride, context.Query);
        int count = 0;
        for (; count < most; count++)
        {
            if (count + PrefetchAhead < most)
                exact.Prefetch(Beam.NodeOf(beam[count + PrefetchAhead]));
            int node = Beam.NodeOf(beam[count]);
            if (count >= k)
            {
                float least = Beam.DistanceOf(beam[count]) + coded.Shift - coded.ErrorOf(segment.CodeWeight(node));
                if (least > Beam.DistanceOf(ranked[k - 1]))
                    break;
            }
            // The beam is nearly in order, so an entry moves few places.
            ulong entry = Beam.Pack(node, exact.Score(node));
            int place = count;
            for (; place > 0 && ranked[place - 1] > entry; place--)
                ranked[place] = ranked[place - 1];
            ranked[place] = entry;
        }
        context.Walk.Statistics.Reranked = count;
        return ranked[..count];
    }
}
