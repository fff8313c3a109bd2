using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace Ann.Encoding.Tokenizers;

/// <summary><c>[CLS] pieces… [SEP]</c>, as BERT models read it.</summary>
/// <remarks>Special tokens spelled out in a text ("[SEP]") are read as plain text: a text cannot write control tokens.</remarks>
internal sealed class WordPieceTextTokenizer : ITextTokenizer
{
    private readonly BertTextNormalizer _normalizer;
    private readonly BertTokenizer _tokenizer;
    private readonly int _maxPiecesPerWord;

    public WordPieceTextTokenizer(WordPieceVocabulary vocabulary, BertTextNormalizer normalizer)
    {
        _normalizer = normalizer;
        _maxPiecesPerWord = vocabulary.MaxCharactersPerWord;
        BertOptions options = new()
        {
            // Normalising, parting words and writing special tokens are done here; the library looks up the pieces of each word.
            LowerCaseBeforeTokenization = false,
            RemoveNonSpacingMarks = false,
            IndividuallyTokenizeCjk = false,
            SplitOnSpecialTokens = false,
            ApplyBasicTokenization = false,
            UnknownToken = vocabulary.UnknownToken,
            ContinuingSubwordPrefix = vocabulary.ContinuationPrefix,
            MaxInputCharsPerWord = vocabulary.MaxCharactersPerWord,
        };
        // The library insists on all five special tokens; the two that we never write may be missing from a vocabulary.
        if (!vocabulary.Tokens.Contains(options.PaddingToken))
            options.PaddingToken = vocabulary.UnknownToken;
        if (!vocabulary.Tokens.Contains(options.MaskingToken))
            options.MaskingToken = vocabulary.UnknownToken;
        using MemoryStream lines = new(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', vocabulary.Tokens)), writable: false);
        _tokenizer = BertTokenizer.Create(lines, options);
    }

    public long PaddingId => _tokenizer.PaddingTokenId;

    public bool HasWeights => false;

    public int SpecialTokens => 2;

    public string Settings => "wordpiece/1 " + _normalizer;

    public void Tokenize(string text, int maxTokens, TokenBuffer tokens)
    {
        int room = maxTokens - SpecialTokens;
        tokens.Add(_tokenizer.ClassificationTokenId);

        char[] normalized = _normalizer.Normalize(text, out int length);
        // The library drops a word whose pieces do not all fit; BERT's own truncation cuts it. So ask for one word more, and cut here.
        IReadOnlyList<int> pieces = _tokenizer.EncodeToIds(
            normalized.AsSpan(0, length), room + _maxPiecesPerWord, addSpecialTokens: false, out _, out _,
            considerPreTokenization: true, considerNormalization: false);
        ArrayPool<char>.Shared.Return(normalized);
        for (int i = 0; i < pieces.Count && i < room; i++)
            tokens.Add(pieces[i]);

        tokens.Add(_tokenizer.SeparatorTokenId);
    }
}
