namespace Ann.Encoding;

/// <summary>What an encoder reads.</summary>
public enum EncoderKind
{
    /// <summary>Texts, through a tokenizer.</summary>
    Text,

    /// <summary>Numbers as they are: feature vectors or ids.</summary>
    Features,
}

/// <summary>How one vector comes out of one vector per token.</summary>
public enum Pooling
{
    /// <summary>The model does it: its output has one row per text.</summary>
    None,

    /// <summary>Mean over the tokens of the text; padding does not count.</summary>
    Mean,

    /// <summary>The first token's vector.</summary>
    Cls,

    /// <summary>The greatest value of each component over the tokens of the text; padding does not count.</summary>
    Max,

    /// <summary>The vector of the text's last token: models that read from left to right.</summary>
    Last,
}

/// <summary>How a text becomes tokens.</summary>
public enum TokenizerKind
{
    /// <summary>BERT's: pieces of words from a vocabulary file.</summary>
    WordPiece,

    /// <summary>Pairs merged in the order of a list, mostly over bytes: GPT-2, RoBERTa, ModernBERT (Sennrich et al. 2016).</summary>
    Bpe,

    /// <summary>The likeliest pieces of a vocabulary with scores: XLM-R, T5, SentencePiece (Kudo 2018).</summary>
    Unigram,

    /// <summary>Words and character n-grams, hashed to buckets; no vocabulary, and a weight per token.</summary>
    HashedNgrams,
}

/// <summary>
/// The file <c>encoder.json</c> of an encoder directory. Every field may be left out: what is null here is read from the files that Hugging
/// Face and sentence-transformers write, from the tokenizer file and from the model. JSON names are these in snake_case.
/// </summary>
/// <example>
/// <code>
/// { "kind": "text", "model": "model.onnx", "max_tokens": 256, "pooling": "mean", "normalize": true, "dimension": 384,
///   "tokenizer": { "type": "wordpiece", "file": "tokenizer.json", "lowercase": true },
///   "inputs": { "ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids" }, "output": "last_hidden_state" }
/// </code>
/// </example>
public sealed record EncoderDescription
{
    /// <summary>The file's name in an encoder directory.</summary>
    public const string FileName = "encoder.json";

    /// <summary>Text or features. Null: features when the directory has no tokenizer file.</summary>
    public EncoderKind? Kind { get; init; }

    /// <summary>
    /// The ONNX file, relative to the directory. Null: <c>model.onnx</c>, <c>onnx/model.onnx</c>, or the only <c>*.onnx</c>.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>The tokenizer. Null: <c>tokenizer.json</c> or <c>vocab.txt</c>.</summary>
    public TokenizerDescription? Tokenizer { get; init; }

    /// <summary>
    /// Longest text in tokens, special ones included, 3 to 8192; the rest of a text is cut off. Null: what
    /// <c>sentence_bert_config.json</c>, <c>tokenizer_config.json</c> or the tokenizer file says, in this order, else the model's fixed
    /// length, else 256. Never more than the first of them says.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// Null: none when the output has a row per text; else what the pooling module of sentence-transformers says, and mean without one.
    /// </summary>
    public Pooling? Pooling { get; init; }

    /// <summary>
    /// Scale rows to length 1. Null: what <c>modules.json</c> says; without it, only when pooling happens here or rows are truncated, for
    /// a model that pools finishes its rows too.
    /// </summary>
    public bool? Normalize { get; init; }

    /// <summary>Components that the model gives, 1 to 16,384. Null: whatever it gives. Otherwise the model must agree.</summary>
    public int? Dimension { get; init; }

    /// <summary>
    /// Components that are kept, the first ones, 1 to the model's: for models trained to be cut (Kusupati et al. 2022, Matryoshka). Null:
    /// all.
    /// </summary>
    public int? TruncateDimension { get; init; }

    /// <summary>
    /// What is written in front of a text that asks, at most 4,096 characters. Null: what <c>config_sentence_transformers.json</c> says,
    /// else nothing.
    /// </summary>
    public string? QueryPrefix { get; init; }

    /// <summary>What is written in front of a text that is found. As <see cref="QueryPrefix"/>.</summary>
    public string? DocumentPrefix { get; init; }

    /// <summary>Names of the graph's inputs by role. Null: the usual names.</summary>
    public EncoderInputs Inputs { get; init; } = new();

    /// <summary>
    /// Features: the members of a row and the graph's inputs that they go to, 1 to 1,024. Null: a row is numbers or ids of one input.
    /// </summary>
    public IReadOnlyList<FeatureFieldDescription>? Fields { get; init; }

    /// <summary>
    /// Name of the graph's output. Null: the only one, else <c>sentence_embedding</c>, <c>last_hidden_state</c> or <c>token_embeddings</c>.
    /// </summary>
    public string? Output { get; init; }
}

/// <summary>The field <c>tokenizer</c> of <see cref="EncoderDescription"/>.</summary>
public sealed record TokenizerDescription
{
    /// <summary>
    /// JSON <c>type</c>: <c>wordpiece</c>, <c>bpe</c>, <c>unigram</c> or <c>hashed-ngrams</c>. Null: what the tokenizer file is. Otherwise
    /// the file must agree.
    /// </summary>
    public TokenizerKind? Kind { get; init; }

    /// <summary>
    /// All but hashed n-grams: <c>tokenizer.json</c> or a <c>vocab.txt</c>, relative to the directory. Null: whichever is there.
    /// </summary>
    public string? File { get; init; }

    /// <summary>WordPiece: lower-case texts. Null: what the tokenizer file says, else true.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>WordPiece: take accents off. Null: what the tokenizer file says, else as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>WordPiece: set Chinese characters apart. Null: what the tokenizer file says, else true.</summary>
    public bool? SplitCjk { get; init; }

    /// <summary>Hashed n-grams: ids are below this, 256 to 16,777,216. Null: 32,768.</summary>
    public int? Buckets { get; init; }

    /// <summary>Hashed n-grams: shortest n-gram, 1 to 8. Null: 3.</summary>
    public int? MinNgram { get; init; }

    /// <summary>Hashed n-grams: longest n-gram, shortest to 8. Null: 5.</summary>
    public int? MaxNgram { get; init; }
}

/// <summary>The field <c>inputs</c> of <see cref="EncoderDescription"/>: which graph input plays which part.</summary>
public sealed record EncoderInputs
{
    /// <summary>Token ids. Null: <c>input_ids</c>, or <c>token_ids</c> for hashed n-grams.</summary>
    public string? Ids { get; init; }

    /// <summary>1 at tokens, 0 at padding. Null: <c>attention_mask</c> where the graph has it.</summary>
    public string? Mask { get; init; }

    /// <summary>Segment of each token, always 0. Null: <c>token_type_ids</c> where the graph has it.</summary>
    public string? Types { get; init; }

    /// <summary>Place of each token in its text, from 0. Null: <c>position_ids</c> where the graph has it.</summary>
    public string? Positions { get; init; }

    /// <summary>Weights of hashed n-grams. Null: <c>token_weights</c>.</summary>
    public string? Weights { get; init; }

    /// <summary>The feature input. Null: the only one.</summary>
    public string? Features { get; init; }
}
