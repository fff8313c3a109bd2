using Ann.Core.Indexes;

namespace Ann.Server.Hosting;

/// <summary>What a line of the log says of an index that a request names.</summary>
internal static class ServingGeneration
{
    /// <summary>Its serving generation; <c>none</c> when no index of that name serves.</summary>
    public static string Of(IndexCatalog catalog, string? name)
    {
        IndexStatus? status = catalog.Indexes.FirstOrDefault(index => index.Name == name)?.Status;
        return status?.Live?.Generations[0].Id ?? status?.Snapshot?.Generation ?? "none";
    }

    /// <summary>A name that a caller sent, as long as names may be: what is longer would fill the log.</summary>
    public static string Shown(string name) => name.Length <= IndexName.MaxLength ? name : name[..IndexName.MaxLength] + "…";
}
