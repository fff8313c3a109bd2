namespace Ann.Core.Segments;

/// <summary>
/// About what a search of a segment costs, in nanoseconds of one core. Only their ratio counts (<see cref="MaskedPlanner"/>).
/// </summary>
/// <param name="ExactScanNs">Of a scan of the rows.</param>
/// <param name="WalkNs">Of the cheapest way by the graph or the codes; infinite where a walk would come by half of the nodes.</param>
internal readonly record struct SearchCosts(double ExactScanNs, double WalkNs)
{
    /// <summary>Of a segment.</summary>
    /// <param name="nodes">Nodes of the segment, 1 or more.</param>
    /// <param name="matches">Those that may be returned, 1 or more.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="slots">Links of a node on level 0.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="codeBytes">Bytes of what the walk scores: of a code, or of a row where there are none.</param>
    /// <param name="isEstimated">True in the fast layout.</param>
    public static SearchCosts Of(int nodes, int matches, int k, int ef, int slots, int rowBytes, int codeBytes, bool isEstimated)
    {
        MaskedPlanner rows = new(nodes, matches, k, ef, slots, rowBytes, isEstimated);
        MaskedPlanner walk = new(nodes, matches, k, ef, slots, codeBytes, isEstimated);
        return new SearchCosts(rows.ScanNs, matches < nodes ? Math.Min(walk.ScanNs, walk.FilteredNs) : walk.FilteredNs);
    }
}
