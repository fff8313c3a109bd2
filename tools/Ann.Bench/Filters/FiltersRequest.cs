namespace Ann.Bench.Filters;

/// <summary>What is run.</summary>
/// <param name="Index">An <c>.ann</c> file whose keys are the numbers of its base rows.</param>
/// <param name="Queries">File of queries.</param>
/// <param name="Attribute">File of one number a base row; null makes categories of the rows themselves.</param>
/// <param name="Columns">Attributes of the index, to measure filters as a request has them; null measures ready masks.</param>
/// <param name="Ef">Beam width; 0 takes the default of each k.</param>
/// <param name="QueryCount">Queries used, the first ones.</param>
/// <param name="Rounds">Rounds of timed searches.</param>
/// <param name="WarmUpMs">Milliseconds of each of the bursts of searches before a shape and share; 0 for none.</param>
/// <param name="Shapes">Shapes measured.</param>
internal sealed record FiltersRequest(
    string Index, string Queries, string? Attribute, FilterColumns? Columns, int Ef, int QueryCount, int Rounds,
    int WarmUpMs, IReadOnlyList<FilterShape> Shapes)
{
    /// <summary>Results wanted.</summary>
    public static IReadOnlyList<int> Ks { get; } = [10, 100];

    /// <summary>Shares of the rows that a filter leaves, in per cent.</summary>
    public static IReadOnlyList<double> Selectivities { get; } = [100, 50, 20, 10, 5, 1, 0.1, 0.01];
}

/// <summary>Attributes of an index that filters are made of.</summary>
/// <param name="Category">Int64: what the row is.</param>
/// <param name="Uniform">Double: by chance, evenly from 0 to 1.</param>
internal sealed record FilterColumns(string Category, string Uniform);

/// <summary>How the rows that a filter leaves lie to the query.</summary>
internal enum FilterShape
{
    /// <summary>By the hash of the row: everywhere alike.</summary>
    Independent,

    /// <summary>The categories nearest to the query.</summary>
    Correlated,

    /// <summary>The categories farthest from the query.</summary>
    Opposed,

    /// <summary>Two fields that leave about the square root of the share each: a hash, and a run of categories.</summary>
    Both,
}
