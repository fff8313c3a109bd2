using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>A part of a word, in a list of such parts.</summary>
/// <param name="Id">Its token.</param>
/// <param name="Previous">Place of the part in front of it; -1 for none.</param>
/// <param name="Next">Place of the part behind it; -1 for none.</param>
/// <param name="IsGone">It was merged into the one in front.</param>
internal readonly record struct BytePairSymbol(int Id, int Previous, int Next, bool IsGone = false);

/// <summary>
/// Byte pair encoding (Sennrich et al. 2016): the characters of a word, merged pair by pair, the pair first that is first in the list of
/// merges, the leftmost of equal ones. Takes n log n steps for a word of n characters.
/// </summary>
/// <remarks>
/// Microsoft.ML.Tokenizers has it too, without the parts that tokenizer.json files ask for (<c>ignore_merges</c>, <c>byte_fallback</c>) and
/// with an order of unknown characters of its own; hence this.
/// </remarks>
internal sealed class BytePairModel : IPieceModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byCharacters;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];
    private readonly int[]? _bytes;
    private readonly int? _unknown;
    private readonly bool _fusesUnknown;
    private readonly bool _takesWholeWords;

    /// <summary>Reads the model.</summary>
    /// <param name="model">The object <c>model</c> of a <c>tokenizer.json</c>.</param>
    /// <param name="special">Tokens that no text can spell.</param>
    /// <exception cref="Core.AnnException">A field is missing, wrong, or asks for what is not implemented.</exception>
    public BytePairModel(TokenizerJson model, IReadOnlyDictionary<string, int> special)
    {
        foreach (string field in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
            if (model.Text(field) is { Length: > 0 } text)
                throw model.Wrong(field, "none, for it is not implemented for BPE", $"'{text}'");
        if (model.IsNumberAbove("dropout", 0))
            throw model.Wrong("dropout", "none, for tokens must not depend on chance", "some");

        _ids = TokenizerVocabulary.Ids(model).ToDictionary(static one => one.Token, static one => one.Id, StringComparer.Ordinal);
        TokenizerVocabulary.RequireIds(model, _ids.Values);
        int rank = 0;
        foreach ((string left, string right) in model.Pairs("merges"))
            _merges.TryAdd((IdOf("merges", left), IdOf("merges", right)), (rank++, IdOf("merges", left + right)));
        if (model.Text("unk_token") is { } unknown)
            _unknown = IdOf("unk_token", unknown);
        _fusesUnknown = model.Flag("fuse_unk") ?? false;
        _takesWholeWords = model.Flag("ignore_merges") ?? false;
        if (model.Flag("byte_fallback") ?? false)
            _bytes = ByteFallback.Ids(_ids);
        foreach (string token in special.Keys)
            _ids.Remove(token);
        _byCharacters = _ids.GetAlternateLookup<ReadOnlySpan<char>>();

        int IdOf(string field, string token) => _ids.TryGetValue(token, out int id)
            ? id
            : throw model.Wrong(field, "tokens of the vocabulary", $"'{token}'");
    }

    public void Append(string word, PieceBuffer pieces)
    {
        if (_takesWholeWords && _ids.TryGetValue(word, out int whole))
        {
            pieces.Ids.Add(whole);
            return;
        }
        ReadSymbols(word, pieces.Symbols);
        Merge(pieces);
        for (int place = 0; place >= 0 && place < pieces.Symbols.Count; place = pieces.Symbols[place].Next)
            pieces.Ids.Add(pieces.Symbols[place].Id);
    }

    private void ReadSymbols(string word, List<BytePairSymbol> symbols)
    {
        symbols.Clear();
        bool isUnknownPending = false;
        for (int start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word.AsSpan(start), out Rune rune, out int length);
            ReadOnlySpan<char> character = word.AsSpan(start, length);
            start += length;
            if (_byCharacters.TryGetValue(character, out int id))
            {
                EndUnknown();
                Add(id);
            }
            else if (_bytes is not null)
            {
                // As there, what is unknown and pending stays behind these: bytes are always known where there are all 256.
                AddBytes(rune);
            }
            else if (_unknown is not null)
            {
                if (!_fusesUnknown)
                    EndUnknown();
                isUnknownPending = true;
            }
        }
        EndUnknown();

        void EndUnknown()
        {
            if (isUnknownPending)
                Add(_unknown!.Value);
            isUnknownPending = false;
        }

        void AddBytes(Rune rune)
        {
            Span<byte> utf8 = stackalloc byte[4];
            foreach (byte one in utf8[..rune.EncodeToUtf8(utf8)])
                Add(_bytes[one]);
        }

        void Add(int id)
        {
            int place = symbols.Count;
            if (place > 0)
                symbols[place - 1] = symbols[place - 1] with { Next = place };
            symbols.Add(new BytePairSymbol(id, place - 1, -1));
        }
    }

    private void Merge(PieceBuffer pieces)
    {
        List<BytePairSymbol> symbols = pieces.Symbols;
        pieces.Merges.Clear();
        for (int place = 0; place + 1 < symbols.Count; place++)
            Offer(place);
        while (pieces.Merges.TryDequeue(out (int Place, int Id) merge, out _))
        {
            BytePairSymbol left = symbols[merge.Place];
            if (left.IsGone || left.Next < 0)
                continue;
            BytePairSymbol right = symbols[left.Next];
            // The pair may have become another since it was offered.
            if (!_merges.TryGetValue((left.Id, right.Id), out (int Rank, int Id) still) || still.Id != merge.Id)
                continue;
            symbols[left.Next] = right with { IsGone = true };
            symbols[merge.Place] = left with { Id = merge.Id, Next = right.Next };
            if (right.Next >= 0)
                symbols[right.Next] = symbols[right.Next] with { Previous = merge.Place };
            if (left.Previous >= 0)
                Offer(left.Previous);
            if (right.Next >= 0)
                Offer(merge.Place);
        }

        void Offer(int place)
        {
            if (_merges.TryGetValue((symbols[place].Id, symbols[symbols[place].Next].Id), out (int Rank, int Id) merge))
                pieces.Merges.Enqueue((place, merge.Id), (merge.Rank, place));
        }
    }
}
