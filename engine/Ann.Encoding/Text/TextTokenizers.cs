using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>Makes the tokenizer that an encoder's files describe.</summary>
internal static class TextTokenizers
{
    /// <summary>Makes it, and reads its file if it has one.</summary>
    /// <param name="source">The encoder's files.</param>
    /// <param name="fingerprint">Receives the file.</param>
    /// <param name="maxTokens">Longest text, as the file says; null for nothing.</param>
    /// <exception cref="AnnException">The file is missing, is of another kind, or asks for a part that is not implemented.</exception>
    public static ITextTokenizer Open(EncoderDirectory source, EncoderFingerprint fingerprint, out int? maxTokens)
    {
        TokenizerDescription description = source.Description.Tokenizer ?? new TokenizerDescription();
        if (description.Kind == TokenizerKind.HashedNgrams)
            return OpenHashedNgrams(source, description, out maxTokens);

        string file = description.File ?? source.First("tokenizer.json", "vocab.txt")
            ?? throw source.Wrong("tokenizer.file", "expected tokenizer.json or vocab.txt beside the model; found neither.");
        byte[] content = source.Read("tokenizer.file", file, out string path);
        fingerprint.Add(content);
        TokenizerKind found = TokenizerKind.WordPiece;
        HuggingFaceTokenizerFile? parts = null;
        if (file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            parts = HuggingFaceTokenizerFile.Open(path, content);
            found = parts.Kind;
        }
        using (parts)
        {
            if (description.Kind is { } expected && expected != found)
                throw source.Wrong("tokenizer.type", $"expected {Word(found)}, which {path} is; found {Word(expected)}.");
            if (found == TokenizerKind.WordPiece)
                return OpenWordPiece(
                    source, description, parts?.WordPiece() ?? WordPieceVocabulary.FromLines(path, content), out maxTokens);
            RequireNoCase(source, path, found);
            maxTokens = parts!.MaxTokens;
            return parts.Pieces(source.Beside.PaddingToken);
        }
    }

    private static string Word(TokenizerKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>What changes letters in front of WordPiece alone is refused elsewhere.</summary>
    private static void RequireNoCase(EncoderDirectory source, string path, TokenizerKind kind)
    {
        if (source.Beside.LowercaseTexts is { Value: true } said)
            throw AnnException.BadInput(source.Root, said.Place, $"expected false, for {path} is {Word(kind)}; found true.");
        TokenizerDescription? described = source.Description.Tokenizer;
        foreach ((string field, bool? flag) in (ReadOnlySpan<(string, bool?)>)
            [("lowercase", described?.Lowercase), ("strip_accents", described?.StripAccents), ("split_cjk", described?.SplitCjk)])
            if (flag is not null)
                throw source.Wrong("tokenizer." + field, $"expected no such field, for {path} is {Word(kind)}; found one.");
    }

    private static HashedNgramTokenizer OpenHashedNgrams(EncoderDirectory source, TokenizerDescription description, out int? maxTokens)
    {
        HashedNgramSettings usual = new();
        HashedNgramSettings settings = new(
            description.Buckets ?? usual.Buckets, description.MinNgram ?? usual.MinNgram, description.MaxNgram ?? usual.MaxNgram);
        if (settings.MinNgram > settings.MaxNgram)
            throw source.Wrong("tokenizer.min_ngram", $"expected at most max_ngram, {settings.MaxNgram}; found {settings.MinNgram}.");
        maxTokens = null;
        return new HashedNgramTokenizer(settings);
    }

    private static WordPieceTextTokenizer OpenWordPiece(
        EncoderDirectory source, TokenizerDescription description, WordPieceVocabulary vocabulary, out int? maxTokens)
    {
        maxTokens = vocabulary.MaxTokens;
        // transformers lets tokenizer_config.json decide over tokenizer.json.
        TokenizerDescription beside = source.Beside.Tokenizer;
        bool lowercase = description.Lowercase ?? beside.Lowercase ?? vocabulary.Lowercase ?? true;
        bool stripAccents = description.StripAccents ?? beside.StripAccents ?? vocabulary.StripAccents ?? lowercase;
        return new WordPieceTextTokenizer(vocabulary, new BertTextNormalizer(
            lowercase || (description.Lowercase is null && source.Beside.LowercaseTexts is { Value: true }),
            stripAccents,
            description.SplitCjk ?? beside.SplitCjk ?? vocabulary.SplitCjk ?? true));
    }
}
