using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Refuses a file in which two rows have one key, and names both places in it.</summary>
internal static class DuplicateKeys
{
    /// <param name="keys">The keys read.</param>
    /// <param name="path">The file.</param>
    /// <param name="place">What a person calls a row of that file: its line, or its row.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file, both places and the key.</exception>
    public static void Refuse(KeyColumn keys, string path, Func<long, string> place)
    {
        if (keys.FindDuplicate() is (int first, int second))
            throw AnnException.BadInput(
                path, place(second), $"the key '{keys.Format(second)}' is already the key of {place(first)}; keys must be unique.");
    }
}
