namespace Ann.Core.Hnsw;

/// <summary>
/// Which nodes may be returned. A refused node is still walked through. Implementations are structs used as type arguments: the loop
/// without a filter is compiled as if there were no such thing.
/// </summary>
internal interface INodeFilter
{
    /// <summary>True when no node is refused; <see cref="Accepts"/> is then never called.</summary>
    static abstract bool AcceptsAll { get; }

    /// <summary>
    /// True when a node may be returned; with identical rows, when it or any of its copies may be: <see cref="AmongCopies{TFilter}"/>.
    /// </summary>
    bool Accepts(int node);

    /// <summary>True when a node by itself may be returned, whatever holds for its copies.</summary>
    bool AcceptsItem(int node);

    /// <summary>The first node from <paramref name="node"/> on that may be returned; <paramref name="end"/> or more for none.</summary>
    int Next(int node, int end);
}

/// <summary>No filter.</summary>
internal readonly struct AcceptAll : INodeFilter
{
    public static bool AcceptsAll => true;

    public bool Accepts(int node) => true;

    public bool AcceptsItem(int node) => true;

    public int Next(int node, int end) => node;
}
