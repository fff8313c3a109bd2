namespace Ann.Tests.Files;

/// <summary>Names of simulated files and directories: as programs see them, as they are on the device, and the changes between.</summary>
internal sealed class SimulatedEntries
{
    private readonly List<Change> _unsynced = [];
    private Dictionary<string, SimulatedNode?> _durable = new(StringComparer.Ordinal);

    /// <summary>What programs see: a node a file, null a directory.</summary>
    public Dictionary<string, SimulatedNode?> Now { get; private set; } = new(StringComparer.Ordinal);

    public static string DirectoryOf(string path) => Path.GetDirectoryName(path) ?? "";

    /// <summary>Names a file or a directory.</summary>
    public void Add(string path, SimulatedNode? node) => Make(new Change(path, null, node));

    public void Remove(string path) => Make(new Change(null, path, Now[path]));

    public void Rename(string source, string target) => Make(new Change(target, source, Now[source]));

    /// <summary>Renames a directory with what is in it. The new name is free.</summary>
    public void RenameTree(string source, string target)
    {
        if (!Now.TryGetValue(source, out SimulatedNode? node) || node is not null)
            throw new DirectoryNotFoundException($"Could not find a part of the path '{source}'.");
        if (Now.ContainsKey(target))
            throw new IOException($"Cannot create '{target}' because a file or directory with the same name already exists.");
        Make(new Change(target, source, null) { IsTree = true });
    }

    /// <summary>What happened in a directory is on the device.</summary>
    public void Flush(string directory)
    {
        foreach (Change change in _unsynced.Where(change => change.Directory == directory))
            change.Apply(_durable);
        _unsynced.RemoveAll(change => change.Directory == directory);
    }

    /// <summary>What a power cut leaves. A change happened or not; what lies in a directory that did not come to be is gone.</summary>
    public SimulatedEntries Recover(Fate fate)
    {
        Dictionary<string, SimulatedNode?> left = new(_durable, StringComparer.Ordinal);
        foreach (Change change in _unsynced)
            if (fate.Keeps())
                change.Apply(left);

        SimulatedEntries entries = new();
        Dictionary<SimulatedNode, SimulatedNode> recovered = [];
        foreach ((string path, SimulatedNode? node) in left.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            string directory = DirectoryOf(path);
            if (directory is not ("" or "/") && !entries.Now.ContainsKey(directory))
                continue;
            if (node is not null && !recovered.ContainsKey(node))
                recovered[node] = node.Recover(fate);
            entries.Now[path] = node is null ? null : recovered[node];
        }
        entries._durable = new Dictionary<string, SimulatedNode?>(entries.Now, StringComparer.Ordinal);
        return entries;
    }

    private void Make(Change change)
    {
        change.Apply(Now);
        _unsynced.Add(change);
    }

    /// <summary>One step: a name comes, another goes, or both (a rename).</summary>
    private readonly record struct Change(string? Comes, string? Goes, SimulatedNode? Node)
    {
        /// <summary>True for a directory that is renamed with what is in it.</summary>
        public bool IsTree { get; init; }

        public string Directory => DirectoryOf(Comes ?? Goes!);

        public void Apply(Dictionary<string, SimulatedNode?> names)
        {
            if (IsTree)
            {
                string from = Goes!;
                foreach (string inside in names.Keys.Where(name => name.StartsWith(from + "/", StringComparison.Ordinal)).ToArray())
                {
                    names[Comes + inside[from.Length..]] = names[inside];
                    names.Remove(inside);
                }
            }
            if (Goes is not null && names.TryGetValue(Goes, out SimulatedNode? node) && ReferenceEquals(node, Node))
                names.Remove(Goes);
            if (Comes is not null)
                names[Comes] = Node;
        }
    }
}
