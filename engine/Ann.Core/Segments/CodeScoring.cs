using Ann.Core.Codes;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Makes the scorer of a query for one kind of codes. Implementations are empty structs used as type arguments.</summary>
internal interface ICodeScoring<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <param name="segment">Where the codes lie.</param>
    /// <param name="context">Holds the quantised query.</param>
    /// <param name="coded">How it was quantised.</param>
    static abstract TScorer Of(in SegmentView segment, QueryContext context, Int8Query coded);
}

/// <summary>What is known of distances by the codes of a segment.</summary>
internal static class CodeScoring
{
    /// <summary>How far they may err for a query.</summary>
    public static CodeBound BoundOf(in SegmentView segment, in Int8Query coded)
    {
        float stepPerWeight = segment.Metric == Metric.L2 ? 0.5f : 1;
        if (segment.CodeScale > 0)
        {
            return segment.Metric == Metric.L2
                ? CodeBound.OfDistance(Metric.L2, stepPerWeight, coded.Square, segment.Dimension)
                : CodeBound.OfLength(MathF.Sqrt(coded.Square), stepPerWeight);
        }
        if (segment.Metric == Metric.InnerProduct) // with an offset, as some older files have, the second counts
            return CodeBound.OfLength(MathF.Max(MathF.Sqrt(coded.Square), coded.FromMean), stepPerWeight);
        if (!segment.CodesAreAligned) // the error has all directions, so it counts by the whole of the vector that was quantised
            return CodeBound.OfLength(MathF.Sqrt(coded.Square) / stepPerWeight, stepPerWeight);
        return CodeBound.OfDistance(segment.Metric, stepPerWeight, coded.Square);
    }
}

/// <summary>Each row has a scale of its own.</summary>
internal readonly unsafe struct RowScaleScoring : ICodeScoring<Int8Scorer>
{
    public static Int8Scorer Of(in SegmentView segment, QueryContext context, Int8Query coded) =>
        new(segment.CodeBytes, segment.CodeStride, segment.CodeFactors, context.Quantised, coded.Unit);
}

/// <summary>One scale for all rows, L2.</summary>
internal readonly unsafe struct UniformSquaresScoring : ICodeScoring<UniformScorer<SquaresTerm>>
{
    public static UniformScorer<SquaresTerm> Of(in SegmentView segment, QueryContext context, Int8Query coded) =>
        new(segment.CodeBytes, segment.CodeStride, context.Quantised, -2 * segment.CodeScale * coded.Unit,
            segment.CodeScale * segment.CodeScale);
}

/// <summary>One scale for all rows, cosine.</summary>
internal readonly unsafe struct UniformScoring : ICodeScoring<UniformScorer<NoTerm>>
{
    public static UniformScorer<NoTerm> Of(in SegmentView segment, QueryContext context, Int8Query coded) =>
        new(segment.CodeBytes, segment.CodeStride, context.Quantised, -segment.CodeScale * coded.Unit, 0);
}
