using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// SentencePiece's compiled normalisation: a double array (Aoe 1989, as Darts-clone lays it out) from UTF-8 to texts that replace it.
/// </summary>
/// <remarks>
/// Looked up as Hugging Face's library does, which is not what SentencePiece does: a grapheme of less than 6 bytes is replaced as a whole
/// by what its shortest known prefix stands for, and the characters of any other one each by itself.
/// </remarks>
internal sealed class PrecompiledMap
{
    private const int LongestGrapheme = 5;

    private readonly uint[] _units;
    private readonly byte[] _texts;

    /// <param name="source">For messages.</param>
    /// <param name="map">Of <c>precompiled_charsmap</c>: length of the array in bytes, the array, texts that end with 0.</param>
    /// <exception cref="Core.AnnException">It is none.</exception>
    public PrecompiledMap(TokenizerJson source, byte[] map)
    {
        long size = map.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(map) : -1;
        if (size < sizeof(uint) || size % sizeof(uint) != 0 || sizeof(uint) + size > map.Length)
            throw source.Wrong("precompiled_charsmap", "a double array and texts", $"{map.Length} bytes");
        _units = new uint[size / sizeof(uint)];
        for (int i = 0; i < _units.Length; i++)
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map.AsSpan(sizeof(uint) * (i + 1)));
        _texts = map[(int)(sizeof(uint) + size)..];
    }

    /// <summary>Replaces what the map knows.</summary>
    public string Apply(string text)
    {
        StringBuilder written = new(text.Length);
        Span<byte> utf8 = stackalloc byte[LongestGrapheme];
        for (int start = 0; start < text.Length;)
        {
            ReadOnlySpan<char> grapheme = text.AsSpan(start, StringInfo.GetNextTextElementLength(text.AsSpan(start)));
            start += grapheme.Length;
            if (System.Text.Encoding.UTF8.TryGetBytes(grapheme, utf8, out int length) && Find(utf8[..length]) is { } whole)
            {
                written.Append(whole);
                continue;
            }
            foreach (Rune rune in grapheme.EnumerateRunes())
                written.Append(Find(utf8[..rune.EncodeToUtf8(utf8)]) ?? rune.ToString());
        }
        return written.ToString();
    }

    /// <summary>What the shortest known prefix of a key stands for; null where none is known.</summary>
    private string? Find(ReadOnlySpan<byte> key)
    {
        uint place = Offset(_units[0]);
        foreach (byte label in key)
        {
            place ^= label;
            if (label == 0 || place >= (uint)_units.Length || (_units[place] & 0x8000_00FF) != label)
                return null;
            uint unit = _units[place];
            place ^= Offset(unit);
            bool isEnd = ((unit >> 8) & 1) != 0;
            if (!isEnd)
                continue;
            uint from = place < (uint)_units.Length ? _units[place] & 0x7FFF_FFFF : uint.MaxValue;
            if (from >= (uint)_texts.Length)
                return null;
            ReadOnlySpan<byte> text = _texts.AsSpan((int)from);
            return System.Text.Encoding.UTF8.GetString(text.IndexOf((byte)0) is var end and >= 0 ? text[..end] : text);
        }
        return null;

        static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);
    }
}
