using System.Globalization;

namespace Ann.Encoding.Tokenizers;

/// <summary>Tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, which spell what a vocabulary has no token for.</summary>
internal static class ByteFallback
{
    /// <summary>The id of each byte; null where one is missing, for then unknown characters stay unknown.</summary>
    public static int[]? Ids(Dictionary<string, int> vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
            if (!vocabulary.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out ids[value]))
                return null;
        return ids;
    }
}
