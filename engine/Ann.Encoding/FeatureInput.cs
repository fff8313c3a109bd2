namespace Ann.Encoding;

/// <summary>Element type of a feature encoder's input.</summary>
public enum FeatureType
{
    /// <summary>Numbers.</summary>
    Float32,

    /// <summary>Ids or categories.</summary>
    Int64,
}

/// <summary>What a feature encoder reads.</summary>
/// <param name="Name">The graph's name for it.</param>
/// <param name="Type">Element type.</param>
/// <param name="Columns">Numbers per row; 1 for a graph that takes one id per row; 0 when the graph leaves it open.</param>
public sealed record FeatureInput(string Name, FeatureType Type, int Columns);
