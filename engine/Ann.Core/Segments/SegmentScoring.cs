using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// How the nodes of a segment are scored against a query: makes the scorer. Implementations are empty structs used as type arguments.
/// </summary>
internal interface ISegmentScoring<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <summary>True when scores are distances: nothing is left to be ranked anew.</summary>
    static abstract bool IsExact { get; }

    /// <summary>Quantises the query for the codes; of rows, nothing.</summary>
    /// <param name="segment">Where the codes lie.</param>
    /// <param name="context">Holds the query, and takes the quantised one.</param>
    static abstract CodedQuery Quantise(in SegmentView segment, QueryContext context);

    /// <summary>The scorer.</summary>
    /// <param name="segment">Where rows or codes lie.</param>
    /// <param name="context">Holds the query, quantised or not.</param>
    /// <param name="coded">How it was quantised.</param>
    static abstract TScorer Of(in SegmentView segment, QueryContext context, in CodedQuery coded);
}

/// <summary>Something that is compiled once for each way to score the nodes of a segment.</summary>
/// <typeparam name="TResult">What it comes to.</typeparam>
internal interface IScoringVisitor<TResult>
    where TResult : allows ref struct
{
    /// <summary>Does it.</summary>
    TResult Visit<TScoring, TScorer, TDistance>()
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TDistance : struct, IDistance;
}

/// <summary>What the codes of a finished segment are asked by.</summary>
internal static class SegmentScoring
{
    /// <summary>Quantises the query of a context for the codes of a finished segment.</summary>
    public static CodedQuery Quantise(in SegmentView segment, QueryContext context)
    {
        CodedQuery coded = context.Quantise(in segment, segment.Metric.Traits().IsSquared);
        return coded with { Bound = BoundOf(in segment, in coded) };
    }

    /// <summary>
    /// Of a step of 4 bits that suits most components best, a few are beyond the last level: the error is this much larger than that of
    /// rounding alone.
    /// </summary>
    private const float ErrorBeyondLevels = 1.12f;

    /// <summary>How far distances by codes may err for a query.</summary>
    private static CodeBound BoundOf(in SegmentView segment, in CodedQuery coded)
    {
        MetricTraits traits = segment.Metric.Traits();
        float stepPerWeight = (segment.Codes.AreInt4() ? ErrorBeyondLevels : 1) / -traits.DotWeight;
        if (segment.CodeScale > 0)
        {
            return traits.IsSquared
                ? CodeBound.OfDistance(segment.Metric, stepPerWeight, coded.Square, segment.Dimension)
                : CodeBound.OfLength(MathF.Sqrt(coded.Square), stepPerWeight);
        }
        if (traits.TempersNorms) // with an offset, as some older files have, the second counts
            return CodeBound.OfLength(MathF.Max(MathF.Sqrt(coded.Square), coded.FromMean), stepPerWeight);
        if (!segment.CodesAreAligned) // the error has all directions, so it counts by the whole of the vector that was quantised
            return CodeBound.OfLength(MathF.Sqrt(coded.Square) / stepPerWeight, stepPerWeight);
        float queryStep = segment.Codes.AreInt4() ? 2 * coded.Unit : 0; // their unit is half a step
        return CodeBound.OfDistance(segment.Metric, stepPerWeight, coded.Square, components: 0, queryStep);
    }
}

/// <summary>By float32 rows.</summary>
internal readonly unsafe struct RowScoring<TDistance> : ISegmentScoring<RowScorer<TDistance>>
    where TDistance : struct, IDistance
{
    public static bool IsExact => true;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context) => default;

    public static RowScorer<TDistance> Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new(segment.Rows, segment.RowStride, context.Query);
}

/// <summary>By codes of which each has a scale of its own.</summary>
internal readonly unsafe struct RowScaleScoring : ISegmentScoring<Int8Scorer>
{
    public static bool IsExact => false;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context) => SegmentScoring.Quantise(in segment, context);

    public static Int8Scorer Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new(segment.CodeBytes, segment.CodeStride, segment.CodeFactors, context.Quantised, coded.Unit);
}

/// <summary>By codes of 4 bits.</summary>
internal readonly unsafe struct Int4Scoring : ISegmentScoring<Int4Scorer>
{
    public static bool IsExact => false;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context) => SegmentScoring.Quantise(in segment, context);

    public static Int4Scorer Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new((byte*)segment.CodeBytes, segment.CodeStride, segment.CodeFactors, context.Quantised, in coded);
}

/// <summary>By codes of one scale, L2.</summary>
internal readonly unsafe struct UniformSquaresScoring : ISegmentScoring<UniformScorer<SquaresTerm>>
{
    public static bool IsExact => false;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context) => SegmentScoring.Quantise(in segment, context);

    public static UniformScorer<SquaresTerm> Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new(segment.CodeBytes, segment.CodeStride, context.Quantised, -2 * segment.CodeScale * coded.Unit,
            segment.CodeScale * segment.CodeScale);
}

/// <summary>By codes of one scale, cosine.</summary>
internal readonly unsafe struct UniformScoring : ISegmentScoring<UniformScorer<NoTerm>>
{
    public static bool IsExact => false;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context) => SegmentScoring.Quantise(in segment, context);

    public static UniformScorer<NoTerm> Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new(segment.CodeBytes, segment.CodeStride, context.Quantised, -segment.CodeScale * coded.Unit, 0);
}

/// <summary>By the codes of a head, whose distances are those of the points that the codes stand for, whatever the metric.</summary>
internal readonly unsafe struct PointScoring : ISegmentScoring<PointScorer>
{
    public static bool IsExact => false;

    public static CodedQuery Quantise(in SegmentView segment, QueryContext context)
    {
        MetricTraits traits = segment.Metric.Traits();
        CodedQuery coded = context.Quantise(in segment, isCentred: true);
        return coded with
        {
            Shift = (coded.Shift - traits.SquaresOffset) / traits.SquaresPerDistance,
            Bound = CodeBound.OfDistance(segment.Metric, stepPerWeight: 1, coded.Square, segment.Dimension),
        };
    }

    public static PointScorer Of(in SegmentView segment, QueryContext context, in CodedQuery coded) =>
        new(segment.CodeBytes, segment.CodeStride, segment.Growing!.Codes!.PointOfRow, context.Quantised, coded.Unit,
            1 / segment.Metric.Traits().SquaresPerDistance);
}
