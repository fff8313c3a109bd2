using System.Text;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>Texts from a seed that tokenizers stumble over: every script, marks, controls, blanks, joined emoji.</summary>
internal static class HostileTexts
{
    private static readonly string[] Pieces =
    [
        "red", "Shoes", "the", "thing", " the", "  ", "   ", "\t", "\n", "\r\n", "\r", "\u00A0", "\u2003", "\u3000", "\u200B", "\u2028",
        "'s", "'S", "'re", "'LL", "don't", "\u017F", "'\u017F", "12", "3", "2024", "1,234.5", "\u00BD", "\u2167", "\u0664", "\U0001D7D8",
        "caf\u00E9", "cafe\u0301", "e\u0301\u0323", "\u1E69", "s\u0323\u0307", "\u0130stanbul", "\u01C5", "STRA\u00DFE",
        "\u03A3\u0391\u03A3",
        "\u4E2D\u6587", "\u65E5\u672C\u8A9E", "\u30AB\u30BF\u30AB\u30CA", "\uFF76\uFF9E", "\uD55C\uAD6D", "\u1112\u1161\u11AB", "\uFA10",
        "\U00020000", "\U0002F800", "\u0939\u093F\u0928\u094D\u0926\u0940", "\u0E44\u0E17\u0E22", "\u0995\u09CB",
        "\u05E9\u05DC\u05D5\u05DD",
        "\u0645\u0631\u062D\u0628\u0627", "\U0001F600", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F1E9\U0001F1EA",
        "\U0001F44D\U0001F3FD",
        "\u2764\uFE0F", "\U0001D400\U0001D401", "\uFB01", "\uFF21", "\u2460", "\u00AB\u00BB", "\u20AC5", "$5", "_", "--", "...", "!?",
        "#tag",
        "<x>", "[y]", "\u0001", "\u0007", "\u007F", "\u0085", "\u00AD", "\uFEFF", "\uFFFD", "\uE000", "\u0300", "\u0903", "\u2260",
        "\u1FEF",
        "\u2581", "\u2581the", "\u0120", "|||X|||", "http://a.b/c?d=e&f", "a@b.c",
    ];

    /// <summary>So many of them, each of up to 20 pieces, with and without spaces between.</summary>
    public static IEnumerable<string> Take(int count, int seed)
    {
        Random random = new(seed);
        foreach (string piece in Pieces)
            yield return piece;
        yield return "";
        yield return new string('a', 3000);
        yield return string.Concat(Enumerable.Repeat("the ", 500));
        for (int i = 0; i < count; i++)
        {
            StringBuilder text = new();
            int pieces = random.Next(1, 20);
            for (int j = 0; j < pieces; j++)
            {
                text.Append(Pieces[random.Next(Pieces.Length)]);
                if (random.Next(3) == 0)
                    text.Append(' ', random.Next(1, 3));
            }
            yield return text.ToString();
        }
    }
}
