namespace Ann.Core.Segments;

/// <summary>
/// About what a search of a segment costs, in nanoseconds of one core. Only their ratio counts (<see cref="MaskedPlanner"/>).
/// </summary>
/// <param name="ExactScanNs">Of a scan of the rows.</param>
/// <param name="WalkNs">Of the cheapest way by the graph or the codes; infinite where a walk would come by half of the nodes.</param>
internal readonly record struct SearchCosts(double ExactScanNs, double WalkNs);
