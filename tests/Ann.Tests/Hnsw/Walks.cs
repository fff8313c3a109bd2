using Ann.Core.Hnsw;

namespace Ann.Tests.Hnsw;

/// <summary>The walk of a finished graph with one number for its width.</summary>
internal static class Walks
{
    public static WalkOutcome Run<TScorer>(in HnswGraph graph, in TScorer scorer, int ef, SearchContext context)
        where TScorer : struct, INodeScorer => Run(in graph, in scorer, default(AcceptAll), ef, context);

    public static WalkOutcome Run<TScorer, TFilter>(
        in HnswGraph graph, in TScorer scorer, TFilter filter, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter =>
        LayerSearch.Run<TScorer, TFilter, SealedLinks>(in graph, in scorer, filter, new WalkWidth(ef), context);
}
