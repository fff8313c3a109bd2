namespace Ann.Tool.Queries;

/// <summary>What a verb asks of the server.</summary>
internal enum SearchKind
{
    /// <summary>The nearest of each query, or of all together.</summary>
    Search,

    /// <summary>Items like examples: there are no queries to merge.</summary>
    Recommend,

    /// <summary>All within a distance: without quotas and diversity, and nothing to merge.</summary>
    Range,
}
