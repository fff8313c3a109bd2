namespace Ann.Encoding.Tokenizers;

/// <summary>The last step of a tokenizer: a word's pieces. Safe for any number of threads.</summary>
internal interface IPieceModel
{
    /// <summary>Appends the ids of a word's pieces.</summary>
    /// <param name="word">What the pre-tokeniser gave; not empty.</param>
    /// <param name="pieces">Receives them.</param>
    void Append(string word, PieceBuffer pieces);
}

/// <summary>Pieces of one text, and what models need while they look for them. One thread at a time.</summary>
internal sealed class PieceBuffer
{
    /// <summary>Ids so far.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Symbols of the word in hand, see <see cref="BytePairModel"/>.</summary>
    public List<BytePairSymbol> Symbols { get; } = [];

    /// <summary>Merges that are possible in it: where, and what it makes; the first by rank, then by place.</summary>
    public PriorityQueue<(int Place, int Id), (int Rank, int Place)> Merges { get; } = new();

    /// <summary>Best ways to each place of the word in hand, see <see cref="UnigramModel"/>.</summary>
    public List<UnigramStep> Steps { get; } = [];
}
