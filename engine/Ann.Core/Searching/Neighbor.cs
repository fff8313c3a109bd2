namespace Ann.Core.Searching;

/// <summary>A node and how far it is. Ordered by distance, ties by node.</summary>
/// <param name="Node">Row of the segment, from 0.</param>
/// <param name="Distance">The core's distance: smaller is nearer. <see cref="MetricExtensions.ToScore"/> makes it a score.</param>
internal readonly record struct Neighbor(int Node, float Distance) : IComparable<Neighbor>
{
    /// <inheritdoc/>
    public int CompareTo(Neighbor other)
    {
        int order = Distance.CompareTo(other.Distance);
        return order != 0 ? order : Node.CompareTo(other.Node);
    }

    /// <summary>True when <paramref name="a"/> comes before <paramref name="b"/>.</summary>
    public static bool operator <(Neighbor a, Neighbor b) => a.CompareTo(b) < 0;

    /// <summary>True when <paramref name="a"/> comes after <paramref name="b"/>.</summary>
    public static bool operator >(Neighbor a, Neighbor b) => a.CompareTo(b) > 0;

    /// <summary>True when <paramref name="a"/> does not come after <paramref name="b"/>.</summary>
    public static bool operator <=(Neighbor a, Neighbor b) => a.CompareTo(b) <= 0;

    /// <summary>True when <paramref name="a"/> does not come before <paramref name="b"/>.</summary>
    public static bool operator >=(Neighbor a, Neighbor b) => a.CompareTo(b) >= 0;
}
