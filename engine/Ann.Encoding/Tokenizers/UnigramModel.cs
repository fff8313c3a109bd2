using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Ann.Encoding.Tokenizers;

/// <summary>The best way to a place of a word.</summary>
/// <param name="Score">Sum of the scores of its pieces.</param>
/// <param name="From">Where its last piece begins; -1 for no way.</param>
/// <param name="IsUnknown">That piece is a character that the vocabulary has not.</param>
internal readonly record struct UnigramStep(double Score, int From, bool IsUnknown);

/// <summary>
/// The unigram language model of SentencePiece (Kudo 2018): of all ways to cut a word into pieces of the vocabulary the one with the
/// greatest sum of scores (Viterbi).
/// </summary>
internal sealed class UnigramModel : IPieceModel
{
    /// <summary>What a character costs that the vocabulary has not, below its lowest score; SentencePiece's <c>kUnkPenalty</c>.</summary>
    private const double UnknownPenalty = 10;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byCharacters;
    private readonly double[] _scores;
    private readonly int _longest;
    private readonly int _unknown;
    private readonly double _unknownScore;
    private readonly int[]? _bytes;

    /// <summary>Reads the model.</summary>
    /// <param name="model">The object <c>model</c> of a <c>tokenizer.json</c>.</param>
    /// <param name="special">Tokens that no text can spell.</param>
    /// <exception cref="Core.AnnException">A field is missing or wrong.</exception>
    public UnigramModel(TokenizerJson model, IReadOnlyDictionary<string, int> special)
    {
        List<double> scores = [];
        foreach (JsonElement piece in model.Elements("vocab"))
        {
            if (piece.ValueKind != JsonValueKind.Array || piece.GetArrayLength() != 2 || piece[0].ValueKind != JsonValueKind.String
                || piece[1].ValueKind != JsonValueKind.Number)
                throw model.Wrong("vocab", "a piece and its score", TokenizerJson.Text(piece));
            _ids[piece[0].GetString()!] = scores.Count;
            scores.Add(piece[1].GetDouble());
        }
        TokenizerVocabulary.RequireIds(model, _ids.Values);
        _scores = [.. scores];
        _unknown = model.Number("unk_id") is { } unknown && unknown < _scores.Length
            ? unknown
            : throw model.Wrong("unk_id", "the id of a piece", model.Number("unk_id")?.ToString());
        _unknownScore = _scores.Min() - UnknownPenalty;
        if (model.Flag("byte_fallback") ?? false)
            _bytes = ByteFallback.Ids(_ids);
        foreach (string token in special.Keys)
            _ids.Remove(token);
        _longest = _ids.Keys.Max(static piece => (int?)piece.Length) ?? 0;
        _byCharacters = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public void Append(string word, PieceBuffer pieces)
    {
        List<UnigramStep> steps = pieces.Steps;
        FindWays(word, steps);
        int first = pieces.Ids.Count;
        for (int end = word.Length; end > 0;)
        {
            int start = steps[end].From;
            // Unknown characters side by side are one piece.
            if (steps[end].IsUnknown)
                while (start > 0 && steps[start].IsUnknown)
                    start = steps[start].From;
            AppendBackwards(word.AsSpan(start, end - start), pieces.Ids);
            end = start;
        }
        pieces.Ids.Reverse(first, pieces.Ids.Count - first);
    }

    private void FindWays(string word, List<UnigramStep> steps)
    {
        steps.Clear();
        steps.Add(default);
        for (int i = 0; i < word.Length; i++)
            steps.Add(new UnigramStep(0, -1, false));
        for (int start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word.AsSpan(start), out _, out int character);
            double score = steps[start].Score;
            bool hasCharacter = false;
            for (int length = 1; length <= Math.Min(_longest, word.Length - start); length++)
            {
                if (!_byCharacters.TryGetValue(word.AsSpan(start, length), out int id))
                    continue;
                Offer(start + length, new UnigramStep(score + _scores[id], start, false));
                hasCharacter |= length == character;
            }
            if (!hasCharacter)
                Offer(start + character, new UnigramStep(score + _unknownScore, start, true));
            start += character;
        }

        void Offer(int place, UnigramStep step)
        {
            if (steps[place].From < 0 || step.Score > steps[place].Score)
                steps[place] = step;
        }
    }

    private void AppendBackwards(ReadOnlySpan<char> piece, List<int> ids)
    {
        Debug.Assert(!piece.IsEmpty);

        if (_byCharacters.TryGetValue(piece, out int id))
        {
            ids.Add(id);
            return;
        }
        if (_bytes is null)
        {
            ids.Add(_unknown);
            return;
        }
        byte[] utf8 = new byte[System.Text.Encoding.UTF8.GetMaxByteCount(piece.Length)];
        for (int i = System.Text.Encoding.UTF8.GetBytes(piece, utf8) - 1; i >= 0; i--)
            ids.Add(_bytes[utf8[i]]);
    }
}
