using System.Text;
using Ann.Encoding.Tokenizers;
using CsCheck;

namespace Ann.Tests.Encoding;

/// <summary>Goal: WordPiece reads texts as BERT does, and hashed n-grams weigh words as documented.</summary>
public sealed class TokenizerTests
{
    [Theory]
    [InlineData("Café déjà-VU", "cafe deja - vu")]
    [InlineData("$5_a ~x€ «y»", " $ 5 _ a  ~ x€  « y » ")]
    [InlineData("Ἀθῆναι İstanbul Ñandú", "αθηναι istanbul nandu")]
    [InlineData("tab\tnew\nline\u00A0hard", "tab new line hard")]
    [InlineData("nul\0bell\u0007zero\u200Bwidth\uFFFD", "nulbellzerowidth")]
    [InlineData("a中b", "a 中 b")]
    [InlineData("e\u0301", "e")]
    [InlineData("한", "\u1112\u1161\u11AB")]
    [InlineData("\u0995\u09CB", "\u0995\u09C7\u09BE")] // Bengali: a vowel on both sides of its letter
    [InlineData("\u0B95\u0BCA", "\u0B95\u0BC6\u0BBE")] // Tamil
    [InlineData("\u0D15\u0D4C", "\u0D15\u0D46\u0D57")] // Malayalam
    [InlineData("\u0CCB", "\u0CC2\u0CD5")] // Kannada: its first part is a non-spacing mark
    [InlineData("\U0001109A", "\U00011099")] // Kaithi: a dot below
    [InlineData("\U0001D160", "\U0001D158\U0001D165\U0001D16E")] // an eighth note
    [InlineData("\U0002F800\uFA6C", " \u4E3D  \U000242EE ")] // ideographs twice in Unicode
    [InlineData("a\u2260b\u1FEFc\u037E", "a = b ` c ; ")] // signs without their accents are ASCII, which stands apart
    public void The_normaliser_cleans_up_as_BERT_does(string text, string expected)
    {
        char[] normalized = new BertTextNormalizer(Lowercase: true, StripAccents: true, SplitCjk: true).Normalize(text, out int length);

        Assert.Equal(expected, new string(normalized, 0, length));
    }

    /// <summary>Folding twice is folding once, no mark is left, and the room that callers give is enough.</summary>
    [Fact]
    public void Every_character_folds_to_letters_that_stay()
    {
        BertTextNormalizer normalizer = new(Lowercase: true, StripAccents: true, SplitCjk: true);
        Span<char> folded = stackalloc char[AccentFolding.MaxUnits];
        Span<char> again = stackalloc char[AccentFolding.MaxUnits];
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            if (!Rune.TryCreate(value, out Rune rune))
                continue;
            int length = AccentFolding.Fold(rune, folded);
            Assert.True(length <= AccentFolding.MaxUnitsPerUnit * rune.Utf16SequenceLength, $"U+{value:X4}");
            foreach (Rune part in folded[..length].EnumerateRunes())
            {
                Assert.True(folded[..length].IndexOf(again[..AccentFolding.Fold(part, again)]) >= 0, $"U+{value:X4}: U+{part.Value:X4}");
                Assert.NotEqual(System.Globalization.UnicodeCategory.NonSpacingMark, Rune.GetUnicodeCategory(part));
            }
            System.Buffers.ArrayPool<char>.Shared.Return(normalizer.Normalize(rune.ToString(), out _));
        }
    }

    [Fact]
    public void A_cased_normaliser_leaves_letters_alone()
    {
        char[] normalized = new BertTextNormalizer(Lowercase: false, StripAccents: false, SplitCjk: false)
            .Normalize("Café 中b", out int length);

        Assert.Equal("Café 中b", new string(normalized, 0, length));
    }

    [Theory]
    [InlineData("red-shoes!", new long[] { 2, 5, 14, 7, 8, 9, 3 })]
    [InlineData("[SEP] red", new long[] { 2, 1, 1, 1, 5, 3 })] // spelled out, a special token is plain text
    [InlineData("red$blue", new long[] { 2, 5, 1, 6, 3 })]
    [InlineData("red€blue", new long[] { 2, 1, 3 })] // only ASCII signs part words
    [InlineData("red_blue", new long[] { 2, 5, 1, 6, 3 })]
    [InlineData("shoe中shoe", new long[] { 2, 7, 13, 7, 3 })]
    public void Word_pieces_are_those_of_BERT(string text, long[] expected)
    {
        WordPieceTextTokenizer tokenizer = new(new WordPieceVocabulary(TinyModels.Vocabulary), new BertTextNormalizer(true, true, true));
        using TokenBuffer tokens = new(1, hasWeights: false);

        tokenizer.Tokenize(text, maxTokens: 50, tokens);
        tokens.EndRow();

        Assert.Equal(expected, tokens.Ids(0).ToArray());
    }

    [Fact]
    public void Both_file_formats_give_the_same_vocabulary()
    {
        string json = $$"""
            { "truncation": { "max_length": 128 },
              "added_tokens": [ { "id": 0, "content": "[PAD]" } ],
              "normalizer": { "type": "BertNormalizer", "lowercase": true, "strip_accents": null, "handle_chinese_chars": true },
              "model": { "type": "WordPiece", "unk_token": "[UNK]",
                         "vocab": { {{string.Join(", ", TinyModels.Vocabulary.Select((token, id) => $"\"{token}\": {id}"))}} } } }
            """;

        using HuggingFaceTokenizerFile file = HuggingFaceTokenizerFile.Open("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(json));
        WordPieceVocabulary fromJson = file.WordPiece();
        WordPieceVocabulary fromLines = WordPieceVocabulary.FromLines(
            "vocab.txt", System.Text.Encoding.UTF8.GetBytes(TinyModels.VocabularyText));

        Assert.Equal(fromLines.Tokens, fromJson.Tokens);
        Assert.Equal((128, true, null, true), (fromJson.MaxTokens, fromJson.Lowercase, fromJson.StripAccents, fromJson.SplitCjk));
    }

    [Theory]
    [InlineData("Don't panic", "dont panic")]
    [InlineData("wi-fi", "wi fi wifi")]
    [InlineData("a -- b", "a b")]
    [InlineData("x-", "x")]
    [InlineData("état-major état", "etat major etatmajor")]
    [InlineData("straße Ærø Łódź ﬁne ＡＢＣ", "strasse aero lodz fine abc")]
    [InlineData("iPhone15, 2m", "iphone15 2m")]
    [InlineData("東京abc", "東京 abc")]
    [InlineData("", "")]
    public void Words_are_folded_and_hyphens_make_compounds(string text, string expected)
    {
        using WordList words = new();
        words.Read(text);

        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, words.Count).Select(word => new string(words.Characters(word)))));
    }

    [Fact]
    public void A_words_tokens_weigh_one_together_however_long_it_is() =>
        Gen.Char['a', 'z'].Array[4, 30].Sample(letters =>
        {
            using TokenBuffer tokens = Hash("q" + new string(letters), maxTokens: 1000);

            Assert.Equal(1, tokens.Weights(0).ToArray().Sum(weight => (double)weight * weight), tolerance: 1e-4);
        });

    [Fact]
    public void A_long_text_keeps_its_words_and_loses_ngrams()
    {
        string text = string.Join(' ', Enumerable.Range(0, 200).Select(i => $"word{i}"));

        using TokenBuffer tokens = Hash(text, maxTokens: 300);

        Assert.Equal(300, tokens.Length(0));
        Assert.Equal(200, tokens.Weights(0)[..200].ToArray().Count(weight => weight > 0.4f));
    }

    [Fact]
    public void Any_string_is_read_and_stays_within_the_limits() =>
        Gen.Char.Array[0, 300].Sample(characters =>
        {
            string text = new(characters); // lone surrogates, controls, everything
            using TokenBuffer hashed = Hash(text, maxTokens: 100);
            using TokenBuffer pieces = new(1, hasWeights: false);
            new WordPieceTextTokenizer(new WordPieceVocabulary(TinyModels.Vocabulary), new BertTextNormalizer(true, true, true))
                .Tokenize(text, 40, pieces);
            pieces.EndRow();

            Assert.InRange(hashed.Length(0), 0, 100);
            Assert.All(hashed.Ids(0).ToArray(), id => Assert.InRange(id, 0, 32_767));
            Assert.InRange(pieces.Length(0), 2, 40);
            Assert.Equal(3, pieces.Ids(0)[^1]);
        }, iter: 500);

    private static TokenBuffer Hash(string text, int maxTokens)
    {
        TokenBuffer tokens = new(1, hasWeights: true);
        new HashedNgramTokenizer(new HashedNgramSettings()).Tokenize(text, maxTokens, tokens);
        tokens.EndRow();
        return tokens;
    }
}
