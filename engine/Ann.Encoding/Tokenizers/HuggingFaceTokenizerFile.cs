using System.Text.Json;
using Ann.Core;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// A Hugging Face <c>tokenizer.json</c>: normaliser, pre-tokeniser, model, post-processor, added tokens. A part that is not implemented
/// here is refused by its name, for a tokenizer that is nearly the right one gives vectors that are nearly the right ones.
/// </summary>
internal sealed class HuggingFaceTokenizerFile : IDisposable
{
    private const int FewestTokens = 3;

    private readonly string _path;
    private readonly JsonDocument _document;

    private HuggingFaceTokenizerFile(string path, JsonDocument document)
    {
        _path = path;
        _document = document;
        string? type = new TokenizerJson(path, "", document.RootElement).Object("model")?.Text("type");
        Kind = type switch
        {
            "WordPiece" => TokenizerKind.WordPiece,
            "BPE" => TokenizerKind.Bpe,
            "Unigram" => TokenizerKind.Unigram,
            _ => throw AnnException.BadInput(
                path, "field 'model.type'", $"expected 'WordPiece', 'BPE' or 'Unigram'; found '{type}'."),
        };
    }

    /// <summary>Which model it has.</summary>
    public TokenizerKind Kind { get; }

    /// <summary>Longest text in tokens; null when the file does not say.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: texts are cut in front, which is not implemented.</exception>
    public int? MaxTokens => Root.Object("truncation") is not { } truncation ? null
        : truncation.Text("direction") is "Left" ? throw truncation.Wrong("direction", "'Right'", "'Left'")
        : truncation.Number("max_length") is { } most and >= FewestTokens ? most : null;

    private TokenizerJson Root => new(_path, "", _document.RootElement);

    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: not JSON, or of another model than the three.
    /// </exception>
    public static HuggingFaceTokenizerFile Open(string path, byte[] content)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(content);
            return new HuggingFaceTokenizerFile(path, document);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, "", "is not JSON: " + e.Message, e);
        }
        catch
        {
            document?.Dispose();
            throw;
        }
    }

    /// <summary>The vocabulary and the settings of a WordPiece tokenizer.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a part is not BERT's.</exception>
    public WordPieceVocabulary WordPiece()
    {
        TokenizerJson model = Root.Required("model");
        WordPieceVocabulary vocabulary = new(TokenizerVocabulary.Tokens(Root, model))
        {
            UnknownToken = model.Text("unk_token") ?? "[UNK]",
            ContinuationPrefix = model.Text("continuing_subword_prefix") ?? "##",
            MaxCharactersPerWord = model.Number("max_input_chars_per_word") ?? 100,
            MaxTokens = MaxTokens,
        };
        if (Root.Object("normalizer") is { } normalizer)
            vocabulary = WithNormalizer(vocabulary, normalizer);
        // What is left out is BERT's; what is there must be.
        if (Root.Has("pre_tokenizer") && Root.Type("pre_tokenizer") is var words && words != "BertPreTokenizer")
            throw Root.Wrong("pre_tokenizer.type", "'BertPreTokenizer', for the model is WordPiece", words);
        vocabulary = vocabulary.Checked(_path);
        if (Root.Has("post_processor"))
        {
            SpecialTokenFrame frame = SpecialTokenFrame.Read(Root);
            long[] expected = [Id("[CLS]"), Id("[SEP]")];
            if (!frame.Before.Concat(frame.After).SequenceEqual(expected) || frame.Before.Length != 1)
                throw Root.Wrong(
                    "post_processor", "[CLS] in front of a text and [SEP] behind it, for the model is WordPiece", frame.ToString());
        }
        AddedTokens.Read(Root).RequireNone(Root, "WordPiece");
        return vocabulary;

        long Id(string token) => ((List<string>)[.. vocabulary.Tokens]).IndexOf(token);
    }

    /// <summary>The tokenizer, of BPE or Unigram.</summary>
    /// <param name="paddingToken">What another file calls the token that pads; null for nothing.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a part is wrong or not implemented.</exception>
    public PieceTokenizer Pieces(string? paddingToken) => new(Root, Kind, paddingToken);

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();

    private static WordPieceVocabulary WithNormalizer(WordPieceVocabulary vocabulary, TokenizerJson normalizer)
    {
        string? type = normalizer.Text("type");
        if (type == "Lowercase")
            return vocabulary with { Lowercase = true, StripAccents = false, SplitCjk = false };
        if (type != "BertNormalizer")
            throw normalizer.Wrong("type", "'BertNormalizer' or 'Lowercase', for the model is WordPiece", type);
        if (normalizer.Flag("clean_text") == false)
            throw normalizer.Wrong("clean_text", "true", "false");
        return vocabulary with
        {
            Lowercase = normalizer.Flag("lowercase"),
            StripAccents = normalizer.Flag("strip_accents"),
            SplitCjk = normalizer.Flag("handle_chinese_chars"),
        };
    }
}
