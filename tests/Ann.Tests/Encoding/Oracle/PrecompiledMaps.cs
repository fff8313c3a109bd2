using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>Writes a <c>precompiled_charsmap</c> of a few replacements, as SentencePiece compiles them.</summary>
internal static class PrecompiledMaps
{
    private static readonly (string From, string To)[] Replacements =
    [
        ("\uFB01", "fi"), ("\uFF21", "A"), ("\u00A0", " "), ("\u3000", " "), ("\t", " "), ("\n", " "), ("\r", " "), ("\u200B", ""),
        ("\u0001", ""),
        ("\u00BD", "1\u20442"), ("e\u0301", "\u00E9"), ("\uFF76\uFF9E", "\u30AC"), ("\u2460", "1"), ("\u00AD", ""), ("\u2003", " "),
        ("\U0001D400", "A"), ("\u0345", "\u03B9"),
    ];

    /// <summary>A step <c>Precompiled</c>.</summary>
    public static JsonObject Normalizer() => new() { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(Write()) };

    private static byte[] Write()
    {
        List<byte> texts = [];
        SortedDictionary<string, int> keys = new(StringComparer.Ordinal); // Latin-1 letters stand for bytes
        foreach ((string from, string to) in Replacements)
        {
            keys[System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(from))] = texts.Count;
            texts.AddRange(System.Text.Encoding.UTF8.GetBytes(to));
            texts.Add(0);
        }
        uint[] units = new uint[1 << 14];
        bool[] used = new bool[units.Length];
        used[0] = true;
        Place(units, used, 0, "", keys, 1);

        byte[] map = new byte[sizeof(uint) * (1 + units.Length) + texts.Count];
        BinaryPrimitives.WriteUInt32LittleEndian(map, (uint)(sizeof(uint) * units.Length));
        for (int i = 0; i < units.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(map.AsSpan(sizeof(uint) * (i + 1)), units[i]);
        texts.CopyTo(map, sizeof(uint) * (1 + units.Length));
        return map;
    }

    /// <summary>Places the children of a node: at an offset from it, each at the offset xor its label.</summary>
    private static void Place(uint[] units, bool[] used, uint node, string prefix, SortedDictionary<string, int> keys, uint first)
    {
        byte[] labels = [.. keys.Keys.Where(key => key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => (byte)key[prefix.Length]).Distinct()];
        bool isEnd = keys.TryGetValue(prefix, out int value);
        uint offset = first;
        while ((node ^ offset) is var start && ((isEnd && used[start]) || labels.Any(label => used[start ^ label])))
            offset++;
        units[node] |= offset << 10;
        uint at = node ^ offset;
        if (isEnd)
        {
            units[node] |= 1u << 8;
            units[at] = (uint)value | 0x8000_0000;
            used[at] = true;
        }
        foreach (byte label in labels)
        {
            used[at ^ label] = true;
            units[at ^ label] = label;
        }
        foreach (byte label in labels)
            Place(units, used, at ^ label, prefix + (char)label, keys, first);
    }
}
