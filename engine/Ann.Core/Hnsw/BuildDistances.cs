using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>A distance by which a graph is built: between its rows, and from a row to the others as a scorer.</summary>
internal interface IBuildDistance<TScorer> : IRowDistance
    where TScorer : struct, INodeScorer
{
    /// <summary>Scores nodes against the row of <paramref name="node"/>.</summary>
    TScorer ScorerOf(int node);
}

/// <summary>Float32 rows under one kernel: L2, and cosine on unit rows.</summary>
internal readonly unsafe struct RowBuildDistance<TDistance>(float* rows, int stride) : IBuildDistance<RowScorer<TDistance>>
    where TDistance : struct, IDistance
{
    public bool Climbs => false;

    public float Descent(int node, int other, float distance) => distance;

    public bool AnyNearer(int node, ReadOnlySpan<int> others, float than)
    {
        float* row = rows + (long)node * stride;
        foreach (int other in others)
            if (TDistance.Between(row, rows + (long)other * stride, (nuint)stride) < than)
                return true;
        return false;
    }

    public RowScorer<TDistance> ScorerOf(int node) => new(rows, stride, rows + (long)node * stride);
}
