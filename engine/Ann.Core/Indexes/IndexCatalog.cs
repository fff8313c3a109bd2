using System.Collections.Frozen;

namespace Ann.Core.Indexes;

/// <summary>
/// The named indexes that a process hosts, read-only. Names are fixed when it is made, so that a loading index is told from an unknown
/// one; each index then changes its status by itself (<see cref="HostedIndex.Load"/>).
/// </summary>
public sealed class IndexCatalog : IDisposable
{
    private readonly FrozenDictionary<string, HostedIndex> _byName;

    /// <param name="sources">Names and files, as <see cref="IndexSource.Find"/> gives them: no name twice.</param>
    public IndexCatalog(IReadOnlyList<IndexSource> sources)
    {
        Indexes = [.. sources.Select(static source => new HostedIndex(source)).OrderBy(static index => index.Name, StringComparer.Ordinal)];
        _byName = Indexes.ToFrozenDictionary(static index => index.Name, StringComparer.Ordinal);
    }

    /// <summary>Every index, in ordinal order of their names.</summary>
    public IReadOnlyList<HostedIndex> Indexes { get; }

    /// <summary>The index that a reference names, whatever its state; of a serving one the generation is checked too.</summary>
    /// <param name="reference"><c>name</c> or <c>name@generation</c>.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: no name. <see cref="AnnError.NotFound"/>: unknown name.
    /// <see cref="AnnError.FailedPrecondition"/>: another generation.
    /// </exception>
    public HostedIndex Find(string reference)
    {
        IndexReference wanted = IndexReference.Parse(reference);
        HostedIndex index = Named(wanted);
        if (index.Status.Snapshot is IndexSnapshot snapshot)
            RequireGeneration(wanted, snapshot);
        return index;
    }

    /// <summary>What a search sees of the index that <paramref name="reference"/> names. Valid while the catalog is not disposed.</summary>
    /// <exception cref="AnnException">As <see cref="Find"/> and <see cref="HostedIndex.Acquire"/>.</exception>
    public IndexSnapshot Acquire(string reference)
    {
        IndexReference wanted = IndexReference.Parse(reference);
        IndexSnapshot snapshot = Named(wanted).Acquire();
        RequireGeneration(wanted, snapshot); // of the very snapshot that will answer
        return snapshot;
    }

    /// <summary>Unmaps every file. Nobody may be searching.</summary>
    public void Dispose()
    {
        foreach (HostedIndex index in Indexes)
            index.Release();
    }

    private HostedIndex Named(IndexReference wanted) =>
        _byName.TryGetValue(wanted.Name, out HostedIndex? index) ? index : throw AnnException.NoSuchIndex(wanted.Name);

    private static void RequireGeneration(IndexReference wanted, IndexSnapshot snapshot)
    {
        if (wanted.Generation is string generation && generation != snapshot.Generation)
        {
            throw new AnnException(
                AnnError.FailedPrecondition,
                $"Index '{wanted.Name}' has generation {snapshot.Generation}; the request asks for {generation}.")
            { Field = "index" };
        }
    }
}
