using System.Globalization;
using Ann.Core.Codes;
using Ann.Core.Distances;

namespace Ann.Core.Segments;

/// <summary>
/// The codes that a segment gets where int8 was asked for: the plainest that tell the nearest of its rows, as measured on them before the
/// graph is built. One scale for all rows, else a scale per row with an offset, or for inner product a scale per row; else none, and
/// searches read the rows themselves.
/// </summary>
internal sealed class CodesChoice
{
    private CodesChoice(Int8Codes? codes, CodesFidelity? fidelity, CodesRecall? recall, string reason)
    {
        AreFitForLinks = recall is null or { IsFitForLinks: true };
        Fidelity = fidelity;
        Codes = codes;
        Recall = recall;
        Reason = reason;
    }

    /// <summary>The codes, which are then the caller's; null for none.</summary>
    public Int8Codes? Codes { get; }

    /// <summary>
    /// Those of 4 bits, which the file gets in place of <see cref="Codes"/>, by which the graph is built all the same. Then the caller's;
    /// null for none.
    /// </summary>
    public Int4Codes? Int4 { get; private init; }

    /// <summary>True when <see cref="Codes"/> order the nearest well enough to choose links by.</summary>
    public bool AreFitForLinks { get; private init; }

    /// <summary>By what they were measured; null for a single row.</summary>
    public CodesFidelity? Fidelity { get; }

    /// <summary>What was measured of the codes of the file; null without any, and for a single row.</summary>
    public CodesRecall? Recall { get; private init; }

    /// <summary>Why they are not those that are taken for ordinary rows, as a sentence; empty when they are.</summary>
    public string Reason { get; }

    /// <summary>Encodes and measures until something fits.</summary>
    /// <param name="rows">Prepared for the metric.</param>
    /// <param name="metric">Of the distances.</param>
    /// <param name="threads">Of the work. The result does not depend on them.</param>
    /// <param name="progress">Told of the rows that are encoded.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static unsafe CodesChoice Make(
        VectorTable rows, Metric metric, int threads, Action<int>? progress, CancellationToken cancellation)
    {
        Int8Codes codes = Int8Codes.Encode(rows, metric, threads, progress, cancellation);
        bool keep = false;
        try
        {
            if (rows.Count == 1)
            {
                keep = true;
                return new CodesChoice(codes, fidelity: null, recall: null, "");
            }
            CodesFidelity fidelity = new(rows.Start, rows.Stride, rows.Count, metric, threads, cancellation);
            CodesRecall first = fidelity.Measure(new MeasuredCodes(codes, metric), cancellation);
            keep = first.IsFit;
            if (keep)
                return new CodesChoice(codes, fidelity, first, "");
            string tried = codes.Scale > 0 ? "one scale for all rows" : "a scale per row";
            tried = $"{tried} tells {Told(first)} of sampled rows";
            if (codes.Scale > 0) // never so for inner product, where a short query would be lost in offsets
            {
                codes.Dispose();
                codes = Int8Codes.Encode(rows, metric, threads, progress: null, cancellation, finer: true);
                CodesRecall second = fidelity.Measure(new MeasuredCodes(codes, metric), cancellation);
                keep = second.IsFit;
                if (keep)
                    return new CodesChoice(
                        codes, fidelity, second, $"Codes with a scale and an offset per row, for {tried}; these tell {Told(second)}.");
                tried += $", a scale and an offset per row {Told(second)}";
            }
            return new CodesChoice(null, fidelity, recall: null, $"No codes, for {tried}.");
        }
        finally
        {
            if (!keep)
                codes.Dispose();
        }
    }

    /// <summary>The same with codes of 4 bits for the file, where these tell the nearest; else with the reason why not.</summary>
    /// <param name="rows">As those before.</param>
    /// <param name="metric">Of the distances.</param>
    /// <param name="threads">Of the work. The result does not depend on them.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public unsafe CodesChoice WithInt4(VectorTable rows, Metric metric, int threads, CancellationToken cancellation)
    {
        if (Codes is null)
            return this;
        float* mean = (float*)Codes.Mean.Start;
        Int4Codes int4 = Int4Codes.Encode(rows, mean, metric, threads, cancellation);
        bool keep = false;
        try
        {
            CodesRecall? recall = Fidelity?.Measure(new MeasuredCodes(int4, mean, metric), cancellation);
            keep = recall is null or { IsFitForDeepRanking: true };
            if (keep)
                return new CodesChoice(Codes, Fidelity, recall, "") { Int4 = int4, AreFitForLinks = AreFitForLinks };
            string why = recall!.BrokenTies > CodesRecall.MostBrokenTies
                ? "Codes of 8 bits, for those of 4 tell apart what is equally far."
                : $"Codes of 8 bits, for those of 4 tell {Told(recall)} of sampled rows.";
            return new CodesChoice(Codes, Fidelity, Recall, Reason.Length == 0 ? why : $"{why} {Reason}");
        }
        finally
        {
            if (!keep)
                int4.Dispose();
        }
    }

    private static string Told(CodesRecall recall) => string.Create(
        CultureInfo.InvariantCulture, $"{recall.Walk10:0.000} of the 10 and {recall.Walk100:0.000} of the 100 nearest");
}
