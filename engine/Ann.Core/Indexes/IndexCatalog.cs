using System.Collections.Frozen;
using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// The named indexes that a process hosts: files, and live indexes, which come and go while it serves. A name is known from the start
/// of its index's opening, so that a loading index is told from an unknown one; each index then changes its status by itself
/// (<see cref="HostedIndex.LoadAsync"/>).
/// </summary>
/// <remarks>Readers take the table as it is, without a lock; who changes it replaces it.</remarks>
internal sealed class IndexCatalog : IDisposable, IAsyncDisposable
{
    private readonly Lock _changing = new();
    private readonly string? _directory;
    private volatile Table _table;

    /// <param name="sources">Names and files, as <see cref="IndexSource.Find"/> gives them: no name twice.</param>
    /// <param name="directory">Where live indexes are created; null or empty when none can be.</param>
    public IndexCatalog(IReadOnlyList<IndexSource> sources, string? directory = null)
    {
        _directory = string.IsNullOrEmpty(directory) ? null : directory;
        _table = new Table(sources.Select(static source => new HostedIndex(source)));
    }

    /// <summary>Every index, in ordinal order of their names.</summary>
    public IReadOnlyList<HostedIndex> Indexes => _table.Indexes;

    /// <summary>The index that a reference names, whatever its state; of a serving one the generation is checked too.</summary>
    /// <param name="reference"><c>name</c> or <c>name@generation</c>.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: no name. <see cref="AnnError.NotFound"/>: unknown name.
    /// <see cref="AnnError.FailedPrecondition"/>: another generation.
    /// </exception>
    public HostedIndex Find(string reference)
    {
        IndexReference wanted = IndexReference.Parse(reference);
        HostedIndex index = Named(wanted.Name);
        if (wanted.Generation is not null && index.Status.State == IndexState.Serving)
            index.Acquire(wanted.Generation).Dispose();
        return index;
    }

    /// <summary>What a search sees of the index that <paramref name="reference"/> names. Dispose it when the answer is made.</summary>
    /// <exception cref="AnnException">As <see cref="Find"/> and <see cref="HostedIndex.Acquire"/>.</exception>
    public SnapshotLease Acquire(string reference) => Acquire(reference, out _);

    /// <summary>The same, with the index itself.</summary>
    public SnapshotLease Acquire(string reference, out HostedIndex index)
    {
        IndexReference wanted = IndexReference.Parse(reference);
        index = Named(wanted.Name);
        return index.Acquire(wanted.Generation);
    }

    /// <summary>The live index of a name, to write to it or to change its generations.</summary>
    /// <exception cref="AnnException">As <see cref="Find"/> and <see cref="HostedIndex.RequireLive"/>.</exception>
    public LiveIndex RequireLive(string name) => Named(name).RequireLive();

    /// <summary>Refuses to go on where files were named one by one and none of them can be served. Called when all were loaded.</summary>
    /// <exception cref="AnnException">What is wrong with the first of them.</exception>
    public void RequireOneOfNamed()
    {
        HostedIndex[] named = [.. Indexes.Where(static index => index.Source.IsNamed)];
        if (named.Length == 0 || named.Any(static index => index.Status.State != IndexState.Failed))
            return;
        Exception failure = named[0].Status.Failure!;
        AnnError error = (failure as AnnException)?.Error ?? AnnError.Corrupt;
        throw new AnnException(error, $"None of the {named.Length} files that were named can be served. {failure.Message}", failure);
    }

    /// <summary>Makes an empty live index and hosts it.</summary>
    /// <param name="name">Its name, which nothing hosted may have.</param>
    /// <param name="schema">What it holds.</param>
    /// <param name="encoders">Who will make its rows and its queries; null fingerprints when unknown.</param>
    /// <param name="opening">What to open it with.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: name or schema. <see cref="AnnError.AlreadyExists"/>: the name is taken.
    /// <see cref="AnnError.FailedPrecondition"/>: there is no directory for live indexes. <see cref="AnnError.Overloaded"/>: memory, disk.
    /// </exception>
    public HostedIndex Create(string name, IndexSchema schema, EncoderPair encoders, CatalogOpening opening)
    {
        IndexName.RequireField("index", name);
        schema.Validate();
        if (_directory is null)
        {
            throw new AnnException(
                AnnError.FailedPrecondition, $"Index '{name}' cannot be created: the server was started without a data directory.");
        }
        HostedIndex index = new(new IndexSource(name, Path.Combine(_directory, name), IsLive: true));
        Add(index);
        try
        {
            index.Serve(LiveIndex.Create(
                new(opening.Files, index.Source.Path, name, schema, opening.Live, opening.Budget, opening.Time), encoders));
            return index;
        }
        catch
        {
            DeleteRemains(opening.Files, index.Source.Path);
            Remove(index);
            throw;
        }
    }

    /// <summary>Takes a live index away, a failed one too, and deletes its files.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: unknown. <see cref="AnnError.FailedPrecondition"/>: it is a file.
    /// <see cref="AnnError.Unavailable"/>: it is loading.
    /// </exception>
    public async Task DropAsync(string name, IFileSystem files)
    {
        HostedIndex index = Named(name);
        index.RequireWritable();
        if (index.Status.State == IndexState.Loading)
            throw new AnnException(AnnError.Unavailable, $"Index '{name}' is loading.");
        if (index.Status.Live is { IsReadOnly: true } live)
            throw live.NotWritable();
        if (!Remove(index))
            throw NoSuchIndex(name); // somebody else dropped it just now
        await index.CloseAsync();
        LiveIndex.Delete(files, index.Source.Path);
    }

    /// <summary>Closes every index. Nobody may be calling.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (HostedIndex index in Indexes)
            await index.CloseAsync();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>What a create that failed has left. An index that was there before stays.</summary>
    private static void DeleteRemains(IFileSystem files, string directory)
    {
        try
        {
            if (files.DirectoryExists(directory) && !LiveIndex.Exists(files, directory))
                LiveIndex.Delete(files, directory);
        }
        catch (Exception e) when (e is IOException or AnnException)
        {
            // The reason of the failure is told; files without a manifest are no index, and the next create removes them.
        }
    }

    private HostedIndex Named(string name)
    {
        if (_table.ByName.TryGetValue(name, out HostedIndex? index))
            return index;
        if (name.Length == 0)
            throw AnnException.Invalid("index", "index is empty; it must be a name.");
        // Errors quote the name, and travel in headers, which are small.
        throw NoSuchIndex(name.Length <= IndexName.MaxLength ? name : name[..IndexName.MaxLength] + "…");
    }

    private AnnException NoSuchIndex(string name) => AnnException.NoSuchIndex(name, [.. Indexes.Select(static index => index.Name)]);

    private void Add(HostedIndex index)
    {
        lock (_changing)
        {
            if (_table.ByName.ContainsKey(index.Name))
                throw new AnnException(AnnError.AlreadyExists, $"An index is named '{index.Name}' already.") { Field = "index" };
            _table = new Table(_table.Indexes.Append(index));
        }
    }

    private bool Remove(HostedIndex index)
    {
        lock (_changing)
        {
            if (!_table.Indexes.Contains(index))
                return false;
            _table = new Table(_table.Indexes.Where(other => other != index));
            return true;
        }
    }

    private sealed class Table
    {
        public Table(IEnumerable<HostedIndex> indexes)
        {
            Indexes = [.. indexes.OrderBy(static index => index.Name, StringComparer.Ordinal)];
            ByName = Indexes.ToFrozenDictionary(static index => index.Name, StringComparer.Ordinal);
        }

        public IReadOnlyList<HostedIndex> Indexes { get; }

        public FrozenDictionary<string, HostedIndex> ByName { get; }
    }
}

/// <summary>What a catalog opens its indexes with. The same for all of them.</summary>
internal sealed record CatalogOpening
{
    /// <summary>Where files are.</summary>
    public required IFileSystem Files { get; init; }

    /// <summary>Where links and codes of <c>.ann</c> files lie. Live indexes have theirs in <see cref="Live"/>.</summary>
    public SegmentResidence Residence { get; init; } = SegmentResidence.ByLayout;

    /// <summary>How live indexes write, seal and compact.</summary>
    public LiveIndexOptions Live { get; init; } = new();

    /// <summary>
    /// Directory for the item sets of indexes that are files, one of its own each; null or empty when they have none. Live indexes keep
    /// theirs with their other files. The memory of all sets is <see cref="LiveIndexOptions.SetBudget"/> of <see cref="Live"/>.
    /// </summary>
    public string? SetDirectory { get; init; }

    /// <summary>Memory that all indexes share. Default: without limit.</summary>
    public MemoryBudget Budget { get; init; } = MemoryBudget.Unlimited();

    /// <summary>The clock of live indexes.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
