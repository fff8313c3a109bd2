namespace Ann.Encoding.Tokenizers;

/// <summary>
/// Texts as GPT-2 writes them (Radford et al. 2019): each byte of UTF-8 is a character that can be seen, so that 256 tokens spell any text.
/// </summary>
internal static class ByteLevelText
{
    private static readonly char[] Characters = Alphabet();

    /// <summary>Cuts a text into words and writes their bytes.</summary>
    /// <param name="text">Not empty.</param>
    /// <param name="addsSpace">A space is put in front where there is none.</param>
    /// <param name="words">How it is cut; null for not at all.</param>
    public static IEnumerable<string> Split(string text, bool addsSpace, PatternSplitter? words)
    {
        if (addsSpace && text[0] != ' ')
            text = " " + text;
        return (words is null ? [text] : words.Split(text)).Select(Write);
    }

    private static string Write(string word)
    {
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(word);
        return string.Create(utf8.Length, utf8, static (written, bytes) =>
        {
            for (int i = 0; i < bytes.Length; i++)
                written[i] = Characters[bytes[i]];
        });
    }

    /// <summary>Bytes that are printable in Latin-1 stand for themselves, the others for characters from U+0100 on, in order.</summary>
    private static char[] Alphabet()
    {
        char[] characters = new char[256];
        int next = 0x100;
        for (int value = 0; value < characters.Length; value++)
            characters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : (char)next++;
        return characters;
    }
}
