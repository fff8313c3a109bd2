namespace Ann.Core.Searching;

/// <summary>A result of a search over the segments of an index. Good for the snapshot that gave it, while that is held.</summary>
/// <param name="Segment">Number of the segment in the snapshot.</param>
/// <param name="Node">Node of that segment.</param>
/// <param name="Distance">The core's distance: smaller is nearer. <see cref="MetricExtensions.ToScore"/> makes it a score.</param>
internal readonly record struct SearchHit(int Segment, int Node, float Distance);
