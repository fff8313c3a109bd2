using System.Diagnostics;
using Ann.Core.Log;

namespace Ann.Core.Indexes;

/// <summary>
/// What a live index is made of at this moment. Changed by its one writer; <see cref="Generations"/> and <see cref="Serving"/> may be
/// read by anybody.
/// </summary>
internal sealed class LiveState(IndexHome home, Wal wal, IReadOnlyList<Generation> generations, Generation serving)
{
    private volatile IReadOnlyList<Generation> _generations = generations;
    private volatile Generation _serving = serving;
    private volatile IReadOnlyList<DamagedGeneration> _damaged = [];

    /// <summary>The index.</summary>
    public IndexHome Home => home;

    /// <summary>Its log.</summary>
    public Wal Wal => wal;

    /// <summary>Attached generations. Replaced as a whole, never changed.</summary>
    public IReadOnlyList<Generation> Generations
    {
        get => _generations;
        set => _generations = value;
    }

    /// <summary>Attached generations that could not be opened. Replaced as a whole, never changed; read by anybody.</summary>
    public IReadOnlyList<DamagedGeneration> Damaged
    {
        get => _damaged;
        set => _damaged = value;
    }

    /// <summary>The generation that answers to the index's name.</summary>
    public Generation Serving
    {
        get => _serving;
        set => _serving = value;
    }

    /// <summary>The generation that a rollback goes to; null when there is none.</summary>
    public Generation? Previous { get; set; }

    /// <summary>Who wrote what last.</summary>
    public ProducerTable Producers { get; } = new();

    /// <summary>Number of the next file.</summary>
    public long NextFile { get; set; } = 1;

    /// <summary>Revision of the manifest on disk.</summary>
    public long Revision { get; set; }

    /// <summary>True after a manifest could not be written: it is not known whether that one is on disk or the one before it.</summary>
    public bool IsCheckpointDue { get; set; }

    /// <summary>The last write that it knew of.</summary>
    public long CheckpointSequence { get; set; }

    /// <summary>Files that the manifest on disk may still name; they can be deleted after the next one.</summary>
    public List<string> Obsolete { get; } = [];

    /// <summary>Files that somebody is copying, with the number of copiers: they are not deleted meanwhile.</summary>
    public Dictionary<string, int> Pinned { get; } = new(StringComparer.Ordinal);

    /// <summary>The last write that is on disk. What the log took and could not flush is not counted: it may be lost.</summary>
    public long LastSequence { get; set; } = wal.Next - 1;

    /// <summary>Generations that have every write.</summary>
    public IEnumerable<Generation> Current => Generations.Where(static generation => generation.Role != GenerationRole.CatchingUp);

    /// <summary>The generation of an id; null when none of that id is attached.</summary>
    public Generation? Find(string id) => Generations.FirstOrDefault(generation => generation.Id == id);

    /// <summary>The damaged generation of an id; null when none of that id is attached.</summary>
    public DamagedGeneration? FindDamaged(string id) => Damaged.FirstOrDefault(generation => generation.Id == id);

    /// <summary>
    /// Goes on without a generation that does not serve and cannot be used. The manifest goes on naming what it names of it, until it is
    /// detached.
    /// </summary>
    /// <param name="generation">Attached. Who gives it up closes it.</param>
    /// <param name="failure">Why, told to anybody.</param>
    public void GiveUp(Generation generation, string failure)
    {
        Debug.Assert(generation != Serving, "the index is what serves");
        Generations = [.. Generations.Where(one => one != generation)];
        HashSet<string> named = new(generation.Described?.NamedFiles() ?? [], StringComparer.Ordinal);
        Obsolete.RemoveAll(named.Contains);
        Obsolete.AddRange(generation.Files.Where(file => !named.Contains(file)));
        if (generation.Described is { } described)
            Damaged = [.. Damaged, new DamagedGeneration(described, failure, IsPrevious: Previous == generation)];
        if (Previous == generation)
            Previous = null;
    }

    /// <summary>A name for a new file.</summary>
    public string NewFile(string kind, string extension) => $"{kind}-{NextFile++:x8}{extension}";
}
