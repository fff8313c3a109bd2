namespace Ann.Encoding.Tokenizers;

/// <summary>
/// A tokenizer of Hugging Face's parts: added tokens, normaliser, pre-tokeniser, model, special tokens around it. For BPE and Unigram.
/// </summary>
/// <remarks>Special tokens spelled out in a text ("&lt;s&gt;") are read as plain text: a text cannot write control tokens.</remarks>
internal sealed class PieceTokenizer : ITextTokenizer
{
    private readonly IReadOnlyList<Func<string, string>> _normalizers;
    private readonly IReadOnlyList<PreTokenizer> _preTokenizers;
    private readonly IPieceModel _model;
    private readonly AddedTokenFinder _raw;
    private readonly AddedTokenFinder _normalized;
    private readonly SpecialTokenFrame _frame;

    /// <param name="root">The file.</param>
    /// <param name="kind">BPE or Unigram.</param>
    /// <param name="paddingToken">What another file calls the token that pads; null for nothing.</param>
    /// <exception cref="Core.AnnException">A part is wrong or not implemented; named.</exception>
    public PieceTokenizer(TokenizerJson root, TokenizerKind kind, string? paddingToken)
    {
        AddedTokens added = AddedTokens.Read(root);
        TokenizerJson model = root.Required("model");
        _normalizers = TextNormalizers.Read(root);
        _preTokenizers = PreTokenizers.Read(root);
        _model = kind == TokenizerKind.Unigram ? new UnigramModel(model, added.Special) : new BytePairModel(model, added.Special);
        _raw = new AddedTokenFinder(added.Plain.Where(static token => !token.IsNormalized));
        _normalized = new AddedTokenFinder(
            added.Plain.Where(static token => token.IsNormalized).Select(token => token with { Content = Normalize(token.Content) }));
        _frame = SpecialTokenFrame.Read(root);
        PaddingId = root.Object("padding")?.Number("pad_id")
            ?? ((ReadOnlySpan<string>)[paddingToken ?? "", "<pad>", "[PAD]"]).ToArray()
                .Select(token => added.Special.TryGetValue(token, out int id) ? (int?)id : null).FirstOrDefault(static id => id is not null)
            ?? 0;
        Settings = $"{kind.ToString().ToLowerInvariant()}/1 padding={PaddingId}";
    }

    public long PaddingId { get; }

    public bool HasWeights => false;

    public int SpecialTokens => _frame.Count;

    public string Settings { get; }

    public void Tokenize(string text, int maxTokens, TokenBuffer tokens)
    {
        int room = Math.Max(0, maxTokens - _frame.Count);
        foreach (long id in _frame.Before)
            tokens.Add(id);
        PieceBuffer pieces = new();
        bool isFirst = true;
        foreach ((string part, int? token) in _raw.Split(text))
        {
            if (pieces.Ids.Count >= room)
                break;
            if (token is { } id)
                pieces.Ids.Add(id);
            else
                AppendPart(Normalize(part), isFirst, room, pieces);
            isFirst = false;
        }
        for (int i = 0; i < Math.Min(room, pieces.Ids.Count); i++)
            tokens.Add(pieces.Ids[i]);
        foreach (long id in _frame.After)
            tokens.Add(id);
    }

    private void AppendPart(string text, bool isFirst, int room, PieceBuffer pieces)
    {
        foreach ((string part, int? token) in _normalized.Split(text))
        {
            if (token is { } id)
                pieces.Ids.Add(id);
            else
                foreach (string word in Words(part, isFirst, 0))
                {
                    _model.Append(word, pieces);
                    if (pieces.Ids.Count >= room)
                        return;
                }
            isFirst = false;
        }
    }

    private IEnumerable<string> Words(string text, bool isFirst, int step)
    {
        if (text.Length == 0)
            return [];
        return step == _preTokenizers.Count
            ? [text]
            : _preTokenizers[step](text, isFirst).SelectMany(word => Words(word, isFirst, step + 1));
    }

    private string Normalize(string text)
    {
        foreach (Func<string, string> step in _normalizers)
            text = step(text);
        return text;
    }
}
