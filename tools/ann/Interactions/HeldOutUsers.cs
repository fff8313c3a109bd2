using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Interactions;

/// <summary>A user who is asked for.</summary>
/// <param name="Vector">The query.</param>
/// <param name="Wanted">Items that were held out, by number, each with grade 1.</param>
/// <param name="Seen">Items that are not to be answered again, by number.</param>
internal sealed record HeldOutUser(float[] Vector, IReadOnlyDictionary<int, int> Wanted, IReadOnlySet<int> Seen);

/// <summary>What ranking is measured on: users with their held-out items, and how often each item was taken before.</summary>
internal sealed class HeldOutUsers
{
    private HeldOutUsers(IReadOnlyList<HeldOutUser> users, int[]? counts)
    {
        Users = users;
        Counts = counts;
    }

    /// <summary>Users with a vector and a held-out item.</summary>
    public IReadOnlyList<HeldOutUser> Users { get; }

    /// <summary>Events of each item by number, of the seen ones; null where those are not known.</summary>
    public int[]? Counts { get; }

    /// <summary>Held-out events of users who have no vector: they are not measured.</summary>
    public int WithoutVector { get; private init; }

    /// <summary>Brings events and vectors together.</summary>
    /// <param name="files">Where events are.</param>
    /// <param name="names">Numbers of the items.</param>
    /// <param name="vectors">Of the users.</param>
    /// <param name="heldOut">File of the held-out events.</param>
    /// <param name="seen">File of the events before them; null for none.</param>
    /// <exception cref="AnnException">InvalidArgument: as the files say; no user has both a vector and an event.</exception>
    public static HeldOutUsers Read(IFileSystem files, ItemNames names, UserVectors vectors, string heldOut, string? seen)
    {
        IReadOnlyDictionary<string, IReadOnlyList<string>> wanted = InteractionFile.Read(files, heldOut);
        IReadOnlyDictionary<string, IReadOnlyList<string>> before =
            seen is null ? new Dictionary<string, IReadOnlyList<string>>() : InteractionFile.Read(files, seen);
        Dictionary<string, int[]> seenOf = before.ToDictionary(
            static user => user.Key, user => user.Value.Select(names.Of).ToArray(), StringComparer.Ordinal);
        List<HeldOutUser> users = [];
        HashSet<string> found = new(StringComparer.Ordinal);
        for (int row = 0; row < vectors.Keys.Length; row++)
        {
            string key = vectors.Keys[row];
            if (!wanted.TryGetValue(key, out IReadOnlyList<string>? items) || !found.Add(key))
                continue;
            HashSet<int> hidden = [.. seenOf.GetValueOrDefault(key) ?? []];
            Dictionary<int, int> grades = items.Select(names.Of).Distinct().ToDictionary(static item => item, static _ => 1);
            hidden.ExceptWith(grades.Keys); // what is held out may come back, even where it was taken before
            users.Add(new HeldOutUser(vectors.Rows[row], grades, hidden));
        }
        if (users.Count == 0)
            throw AnnException.BadInput(heldOut, "", "none of its users is among the keys of the user vectors.");
        int[]? counts = null;
        if (seen is not null)
        {
            counts = new int[names.Count];
            foreach (int item in seenOf.Values.SelectMany(static items => items))
                counts[item]++;
        }
        return new HeldOutUsers(users, counts) { WithoutVector = wanted.Keys.Count(user => !found.Contains(user)) };
    }
}
