using System.Text;
using Ann.Core;

namespace Ann.Encoding.Tokenizers;

/// <summary>What a WordPiece tokenizer file says, whichever of the two formats it has.</summary>
/// <param name="Tokens">The vocabulary; the place of a token is its id.</param>
internal sealed record WordPieceVocabulary(IReadOnlyList<string> Tokens)
{
    /// <summary>Stands for a word that the vocabulary cannot spell.</summary>
    public string UnknownToken { get; init; } = "[UNK]";

    /// <summary>In front of every piece of a word but the first.</summary>
    public string ContinuationPrefix { get; init; } = "##";

    /// <summary>Words with more characters become <see cref="UnknownToken"/>.</summary>
    public int MaxCharactersPerWord { get; init; } = 100;

    /// <summary>Lower-case the text; null when the file does not say.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>Take accents off; null when the file does not say, which means: as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Set Chinese characters apart; null when the file does not say.</summary>
    public bool? SplitCjk { get; init; }

    /// <summary>Tokens of a row including the two special ones; null when the file does not say.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Reads <c>vocab.txt</c>: a token a line.</summary>
    public static WordPieceVocabulary FromLines(string path, byte[] content)
    {
        List<string> tokens = [];
        using StreamReader reader = new(new MemoryStream(content, writable: false), new UTF8Encoding(false));
        while (reader.ReadLine() is { } line)
            tokens.Add(line);
        while (tokens.Count > 0 && tokens[^1].Length == 0)
            tokens.RemoveAt(tokens.Count - 1);
        return new WordPieceVocabulary(tokens).Checked(path);
    }

    /// <summary>Refuses what WordPiece cannot work with.</summary>
    /// <exception cref="AnnException">A special token is missing, or a token occurs twice.</exception>
    public WordPieceVocabulary Checked(string path)
    {
        Dictionary<string, int> ids = new(Tokens.Count, StringComparer.Ordinal);
        for (int id = 0; id < Tokens.Count; id++)
            if (!ids.TryAdd(Tokens[id], id))
                throw AnnException.BadInput(path, $"token {id}", $"'{Tokens[id]}' is also token {ids[Tokens[id]]}; every token must occur once.");
        foreach (string special in (ReadOnlySpan<string>)["[CLS]", "[SEP]", UnknownToken])
            if (!ids.ContainsKey(special))
                throw AnnException.BadInput(path, "vocabulary", $"'{special}' was expected among the {Tokens.Count} tokens; found none.");
        return this;
    }
}
