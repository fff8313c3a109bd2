using Ann.Client;
using Microsoft.Extensions.VectorData;

namespace Ann.Extensions.VectorData;

/// <summary>Options of a search with what AnnServer has beside the abstraction's. What is left out is the server's choice.</summary>
public sealed class AnnSearchOptions<TRecord> : VectorSearchOptions<TRecord>
{
    /// <summary>Beam width of the walk; see <see cref="SearchQuery.EfSearch"/>.</summary>
    public int? EfSearch { get; set; }

    /// <summary>Recall wanted, above 0 and below 1; see <see cref="SearchQuery.RecallTarget"/>.</summary>
    public float? RecallTarget { get; set; }

    /// <summary>Look at every item.</summary>
    public bool Exact { get; set; }

    /// <summary>How long the search may take.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>Keys of records that must not be returned.</summary>
    public ItemKeys ExcludeKeys { get; set; }

    /// <summary>Names of item sets that must not be returned.</summary>
    public IReadOnlyList<string> ExcludeSets { get; set; } = [];

    /// <summary>At most so many records of one value of a property: its storage name, and how many.</summary>
    public IReadOnlyList<(string Attribute, int Most)> Caps { get; set; } = [];

    /// <summary>Generation that must answer: 16 hex digits.</summary>
    public string? Generation { get; set; }
}
