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
