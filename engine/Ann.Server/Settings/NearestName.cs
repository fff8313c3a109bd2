namespace Ann.Server.Settings;

/// <summary>Guesses what somebody meant who mistyped a name.</summary>
internal static class NearestName
{
    private const int MostEdits = 3;

    /// <summary>
    /// The known name that takes the fewest edits (a letter more, less or other, or two neighbours swapped), whatever the case of letters;
    /// null where every one takes more than a third of the letters, or three edits.
    /// </summary>
    /// <param name="name">What was typed.</param>
    /// <param name="known">The names that there are; of several that are as near the first.</param>
    public static string? Of(string name, IEnumerable<string> known)
    {
        string? nearest = null;
        int fewest = Math.Clamp(name.Trim('-').Length / 3, 1, MostEdits) + 1;
        foreach (string candidate in known)
        {
            int edits = Edits(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (edits < fewest)
                (nearest, fewest) = (candidate, edits);
        }
        return nearest;
    }

    /// <summary>The end of a message: a question with the nearest name, or nothing.</summary>
    public static string Question(string name, IEnumerable<string> known) =>
        Of(name, known) is string nearest ? $" Did you mean {nearest}?" : "";

    private static int Edits(string from, string to)
    {
        int[,] edits = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }
                int other = from[i - 1] == to[j - 1] ? 0 : 1;
                edits[i, j] = Math.Min(Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1, edits[i - 1, j - 1] + other);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
            }
        }
        return edits[from.Length, to.Length];
    }
}
