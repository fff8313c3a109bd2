using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>Opens the encoders that generations bring along. The engine knows their files and fingerprints; a server runs them.</summary>
internal interface IGenerationEncoders
{
    /// <summary>Opens an encoder and proves that it is the one that is expected. Encoders of one fingerprint are opened once.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">Its files.</param>
    /// <param name="expected">Which one it must be.</param>
    /// <param name="dimension">Components that its vectors must have.</param>
    /// <param name="budget">Its memory is taken from there, and given back when nobody holds it any more.</param>
    /// <returns>Held once, by the caller.</returns>
    /// <exception cref="AnnException">
    /// Corrupt: it is another encoder; names both fingerprints. Overloaded: memory. Otherwise what the encoder says.
    /// </exception>
    GenerationEncoder Open(IFileSystem files, string directory, SnapshotEncoder expected, int dimension, MemoryBudget budget);
}

/// <summary>
/// An encoder that a generation brought along, opened. Whoever holds a snapshot of the generation may use it; it is closed when nobody
/// holds it any more.
/// </summary>
/// <param name="fingerprint">Which one it is.</param>
internal abstract class GenerationEncoder(ulong fingerprint)
{
    private HolderCount _holders = HolderCount.One;

    /// <summary>Which one it is.</summary>
    public ulong Fingerprint => fingerprint;

    /// <summary>Holds it once more. The caller holds what keeps it open.</summary>
    public void Hold()
    {
        if (!TryHold())
            throw new InvalidOperationException("Only an encoder that is held can be held once more.");
    }

    /// <summary>Holds it, unless the last holder let go already.</summary>
    public bool TryHold() => _holders.TryHold();

    /// <summary>Lets go. The last one closes it.</summary>
    public void Release()
    {
        if (_holders.Release())
            Close();
    }

    /// <summary>Nobody uses it any more.</summary>
    protected abstract void Close();
}

/// <summary>The files of an encoder that a generation brought along.</summary>
/// <param name="Directory">Name of their directory in the index's own.</param>
/// <param name="Files">Their paths in it, parts by <c>/</c>.</param>
internal sealed record CarriedEncoder(string Directory, IReadOnlyList<string> Files)
{
    /// <summary>What the names of such directories begin with.</summary>
    public const string Prefix = "enc";

    /// <summary>True for what such a directory is named.</summary>
    public static bool IsNameOfDirectory(string name) => name.StartsWith(Prefix + '-', StringComparison.Ordinal);

    /// <summary>Their paths in the index's directory.</summary>
    public IEnumerable<string> Paths => Files.Select(file => $"{Directory}/{file}");
}

/// <summary>An encoder that a generation brought along.</summary>
/// <param name="Carried">Its files.</param>
/// <param name="Opened">Held once by the generation; null where nobody runs encoders, as in programs that embed the engine.</param>
internal sealed record BroughtEncoder(CarriedEncoder Carried, GenerationEncoder? Opened)
{
    /// <summary>Opens the encoder of a generation, where somebody runs encoders.</summary>
    /// <exception cref="AnnException">As <see cref="IGenerationEncoders.Open"/>.</exception>
    public static BroughtEncoder Open(IndexHome home, CarriedEncoder carried, SnapshotEncoder expected) => new(
        carried,
        home.Options.Encoders?.Open(home.Files, home.PathOf(carried.Directory), expected, home.Schema.Dimension, home.Budget));
}
