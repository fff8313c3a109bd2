using Ann.Core.Files;
using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

/// <summary>Where the item sets of an index live, and what they may take.</summary>
/// <param name="Files">Where the directory is.</param>
/// <param name="Directory">For the file of the sets; made with the first of them.</param>
/// <param name="Index">Name of the index.</param>
/// <param name="KeyKind">What the index has as keys.</param>
/// <param name="Budget">Memory of all item sets of the process.</param>
/// <param name="Time">The clock that sets are forgotten by.</param>
internal sealed record ItemSetsHome(
    IFileSystem Files, string Directory, string Index, KeyKind KeyKind, MemoryBudget Budget, TimeProvider Time)
{
    /// <summary>True where nothing else keeps other processes out of the directory. Default: false.</summary>
    public bool Locks { get; init; }

    /// <summary>The file is not written anew while it is shorter. Default: 1 MiB.</summary>
    public long LeastCompactedBytes { get; init; } = 1 << 20;

    /// <summary>Makes the salt of a file; null draws them.</summary>
    internal Func<ulong>? Salts { get; init; }
}
