using System.IO.Hashing;
using Ann.Core.Segments;

namespace Ann.Core.Files.Formats;

/// <summary>Finds two rows with one key, so that a reader can name their places in its file.</summary>
internal static class DuplicateKeys
{
    /// <summary>The first row whose key an earlier row has, with that earlier row; null when all keys differ.</summary>
    public static (int First, int Second)? Find(KeyColumn keys)
    {
        // Keys by hash; a bucket of equal hashes is walked through "next". No key is copied.
        Dictionary<ulong, int> newest = new(keys.Count);
        int[] next = new int[keys.Count];
        for (int row = 0; row < keys.Count; row++)
        {
            ulong hash = keys.Kind == KeyKind.UInt64 ? keys.Numbers[row] : XxHash3.HashToUInt64(keys.Utf8(row));
            next[row] = newest.TryGetValue(hash, out int earlier) ? earlier : -1;
            newest[hash] = row;
            for (int other = next[row]; other >= 0; other = next[other])
                if (keys.Kind == KeyKind.UInt64 || keys.Utf8(other).SequenceEqual(keys.Utf8(row)))
                    return (other, row);
        }
        return null;
    }

    /// <summary>What a person reads about them.</summary>
    public static AnnException Error(string path, string place, string key, string earlierPlace) =>
        AnnException.BadInput(path, place, $"the key '{key}' is already the key of {earlierPlace}; keys must be unique.");
}
