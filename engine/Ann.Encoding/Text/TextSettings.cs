using System.Globalization;
using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>What a text encoder does around its model, with every question answered.</summary>
/// <param name="MaxTokens">Longest row.</param>
/// <param name="Pooling">How token vectors become one.</param>
/// <param name="Normalize">Scale rows to length 1.</param>
internal sealed record TextSettings(int MaxTokens, Pooling Pooling, bool Normalize)
{
    private const int DefaultMaxTokens = 256;

    /// <summary>Answers from the description, where it has them, else from model and tokenizer.</summary>
    /// <exception cref="AnnException">The description and the model contradict each other.</exception>
    public static TextSettings Resolve(EncoderDirectory source, TextGraph graph, int? tokenizerMaxTokens)
    {
        EncoderDescription description = source.Description;
        bool perToken = graph.Output.Rank == 3;
        Pooling pooling = description.Pooling ?? (perToken ? Pooling.Mean : Pooling.None);
        if (perToken != pooling is not Pooling.None)
            throw source.Wrong(
                "pooling", perToken
                    ? $"expected mean or cls, for the output {graph.Output} has a row per token; found none."
                    : $"expected none, for the output {graph.Output} has a row per text; found {pooling.ToString().ToLowerInvariant()}.");

        int fixedTokens = graph.FixedTokens;
        int maxTokens = description.MaxTokens ?? Math.Min(
            tokenizerMaxTokens ?? (fixedTokens > 0 ? fixedTokens : DefaultMaxTokens), fixedTokens > 0 ? fixedTokens : int.MaxValue);
        if (fixedTokens > 0 && maxTokens > fixedTokens)
            throw source.Wrong("max_tokens", $"expected at most {fixedTokens}, the model's fixed length; found {maxTokens}.");
        return new TextSettings(maxTokens, pooling, description.Normalize ?? perToken);
    }

    /// <summary>Makes the tokenizer and reads its file, if it has one.</summary>
    public static ITextTokenizer OpenTokenizer(EncoderDirectory source, EncoderFingerprint fingerprint, out int? maxTokens)
    {
        TokenizerDescription description = source.Description.Tokenizer ?? new TokenizerDescription();
        return description.Kind == TokenizerKind.HashedNgrams
            ? OpenHashedNgrams(source, description, out maxTokens)
            : OpenWordPiece(source, description, fingerprint, out maxTokens);
    }

    /// <summary>One spelling for one meaning; part of the fingerprint.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"max_tokens={MaxTokens} pooling={Pooling.ToString().ToLowerInvariant()} normalize={(Normalize ? 1 : 0)}");

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
        EncoderDirectory source, TokenizerDescription description, EncoderFingerprint fingerprint, out int? maxTokens)
    {
        string file = description.File
            ?? ((string[])["tokenizer.json", "vocab.txt"]).FirstOrDefault(source.Has)
            ?? throw source.Wrong("tokenizer.file", "expected tokenizer.json or vocab.txt beside the model; found neither.");
        byte[] content = source.Read("tokenizer.file", file, out string path);
        fingerprint.Add(content);
        WordPieceVocabulary vocabulary = file.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            ? HuggingFaceTokenizerFile.Read(path, content)
            : WordPieceVocabulary.FromLines(path, content);

        const int FewestTokens = 3;
        maxTokens = vocabulary.MaxTokens is >= FewestTokens ? vocabulary.MaxTokens : null;
        bool lowercase = description.Lowercase ?? vocabulary.Lowercase ?? true;
        return new WordPieceTextTokenizer(vocabulary, new BertTextNormalizer(
            lowercase, description.StripAccents ?? vocabulary.StripAccents ?? lowercase, description.SplitCjk ?? vocabulary.SplitCjk ?? true));
    }
}
